import { fileURLToPath } from "node:url"
import type { Clock } from "../../ports/clock.ts"
import type { MemorySource, OpenSource, SourceListener } from "./memory-source.ts"
import { parseNvmlMessage } from "./nvml-messages.ts"
import { startReader } from "./reader-process.ts"

/** The driver's own name for it; where it runs Linux under Windows, it lies outside the loader's path. */
export const NVML_LIBRARIES = ["libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"]

const childProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../../dist/models/gpu/nvml-child.js" : "./nvml-child.js",
    import.meta.url,
  ),
)

/** A child that is slow to answer is asked no more until it has. */
const MAX_UNANSWERED = 4

interface NvmlOptions {
  readonly libraries: readonly string[]
  /** Which GPU, as the driver counts. */
  readonly device: number
  readonly clock: Clock
}

/** Readings by NVML, in one long-lived child process that is asked for each. */
export const nvml = (options: NvmlOptions): MemorySource => ({
  id: "nvml",
  open: (listener) => openNvmlChild(options, listener),
})

function openNvmlChild({ libraries, device, clock }: NvmlOptions, listener: SourceListener): OpenSource {
  /** When each was asked: a reading is as old as its question, at most. */
  const askedAtMs = new Map<number, number>()
  let lastId = 0
  let failure: { readonly reason: string; readonly isFinal: boolean } | undefined
  const child = startReader(process.execPath, [childProgram, String(device), ...libraries], {
    line: (line) => {
      const message = parseNvmlMessage(line)
      if (message?.type === "described") {
        const { type: _, ...description } = message
        listener.described(description)
      }
      if (message?.type === "failed")
        failure = { reason: `NVML: ${message.message}`, isFinal: message.isFinal }
      if (message?.type !== "reading") return
      const { type: _, id, ...reading } = message
      const atMs = askedAtMs.get(id)
      askedAtMs.delete(id)
      if (atMs !== undefined) listener.reading({ ...reading, atMs })
    },
    gone: (reason) => listener.gone(failure ?? { reason: `NVML: ${reason}`, isFinal: false }),
  })
  return {
    ask: () => {
      if (askedAtMs.size >= MAX_UNANSWERED) return
      askedAtMs.set(++lastId, clock.now())
      child.write(String(lastId))
    },
    close: () => child.kill(),
  }
}
