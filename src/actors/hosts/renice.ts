import { readdirSync } from "node:fs"
import { setPriority } from "node:os"

/**
 * Gives a running process a nice value, as far as its user may. On Linux the value belongs to a thread, and new threads
 * take it from the one that makes them.
 */
export const renice = (pid: number, nice: number): void => {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, nice)
    } catch {
      // It ended meanwhile, or asks for more than the user may have: the process works without.
    }
  }
}

const threadsOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid]
  }
}
