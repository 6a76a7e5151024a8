import type { Clock } from "../../ports/clock.ts"
import type { MemorySource, OpenSource, SourceListener } from "./memory-source.ts"
import { type ReaderProcess, startReader } from "./reader-process.ts"
import { MEMORY_QUERY, PROCESS_QUERY, parseMemoryLine, parseProcessLine } from "./smi-line.ts"

/** From measuring to the line being here; a reading is dated back by it, so that none is taken for newer than it is. */
const LINE_LAG_MS = 100
/** nvidia-smi says nothing where no process uses the GPU, so a row counts as gone when it is not said again. */
const PROCESS_ROUNDS = 3
/** No driver, no device: `nvidia-smi`'s own exit codes 6 and 9; 127: a shell found no such program. */
const FINAL_CODES: ReadonlySet<number | undefined> = new Set([6, 9, 127])

interface SmiOptions {
  readonly program: string
  /** Which GPU, as nvidia-smi counts. */
  readonly device: number
  readonly intervalMs: number
  readonly clock: Clock
}

/** Readings by one long-lived `nvidia-smi`, and a second one for the use of each process. */
export const nvidiaSmi = (options: SmiOptions): MemorySource => ({
  id: "nvidia-smi",
  open: (listener) => openSmi(options, listener),
})

function openSmi({ program, device, intervalMs, clock }: SmiOptions, listener: SourceListener): OpenSource {
  const format = ["--format=csv,noheader,nounits", "-i", String(device), "-lms", String(intervalMs)]
  const uses = new Map<number, { readonly usedMib: number; readonly atMs: number }>()
  let tellsProcesses = false
  let described = false
  const processes = startReader(program, [`--query-compute-apps=${PROCESS_QUERY}`, ...format], {
    line: (line) => {
      const use = parseProcessLine(line)
      if (use === undefined) return
      // Only now is it known that this driver tells: without a process, and where it does not tell, there is no row.
      tellsProcesses = true
      uses.set(use.pid, { usedMib: use.usedMib, atMs: clock.now() })
    },
    // Without it there are readings all the same.
    gone: () => {
      tellsProcesses = false
    },
  })
  const memory: ReaderProcess = startReader(program, [`--query-gpu=${MEMORY_QUERY}`, ...format], {
    line: (line) => {
      const found = parseMemoryLine(line)
      if (found === undefined || found.index !== device) return
      if (!described) {
        described = true
        listener.described({ name: found.name, driverVersion: found.driverVersion, count: 1 })
      }
      const nowMs = clock.now()
      for (const [pid, use] of uses) {
        if (nowMs - use.atMs > PROCESS_ROUNDS * intervalMs) uses.delete(pid)
      }
      const { totalMib, usedMib } = found
      const reading = { totalMib, usedMib, atMs: nowMs - LINE_LAG_MS }
      const list = [...uses].map(([pid, use]) => ({ pid, usedMib: use.usedMib }))
      listener.reading(tellsProcesses ? { ...reading, processes: list } : reading)
    },
    gone: (reason, code) => {
      processes.kill()
      listener.gone({ reason, isFinal: FINAL_CODES.has(code) || / ENOENT$/.test(reason) })
    },
  })
  return {
    ask: () => undefined,
    close: () => {
      memory.kill()
      processes.kill()
    },
  }
}
