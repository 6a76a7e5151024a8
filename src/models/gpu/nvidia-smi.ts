import type { Clock } from "../../ports/clock.ts"
import type { MemorySource, OpenSource, SourceListener } from "./memory-source.ts"
import { startReader } from "./reader-process.ts"
import { MEMORY_QUERY, parseMemoryLine } from "./smi-line.ts"

/** From measuring to the line being here; a reading is dated back by it, so that none is taken for newer than it is. */
const LINE_LAG_MS = 100
/** No driver, no device: `nvidia-smi`'s own exit codes 6 and 9; 126 and 127: a shell could not start the program. */
const FINAL_CODES: ReadonlySet<number | undefined> = new Set([6, 9, 126, 127])

interface SmiOptions {
  readonly program: string
  /** Which GPU, as nvidia-smi counts. */
  readonly device: number
  readonly intervalMs: number
  readonly clock: Clock
}

/** Readings by one long-lived `nvidia-smi`. It tells no use of each process: that would take a second one. */
export const nvidiaSmi = (options: SmiOptions): MemorySource => ({
  id: "nvidia-smi",
  open: (listener) => openSmi(options, listener),
})

function openSmi({ program, device, intervalMs, clock }: SmiOptions, listener: SourceListener): OpenSource {
  const format = ["--format=csv,noheader,nounits", "-i", String(device), "-lms", String(intervalMs)]
  let described = false
  const reader = startReader(program, [`--query-gpu=${MEMORY_QUERY}`, ...format], {
    line: (line) => {
      const found = parseMemoryLine(line)
      if (found === undefined || found.index !== device) return
      if (!described) {
        described = true
        listener.described({ name: found.name, driverVersion: found.driverVersion, count: 1 })
      }
      const { totalMib, usedMib } = found
      listener.reading({ totalMib, usedMib, atMs: clock.now() - LINE_LAG_MS })
    },
    gone: (reason, code) => listener.gone({ reason, isFinal: FINAL_CODES.has(code) }),
  })
  return { ask: () => undefined, close: () => reader.kill() }
}
