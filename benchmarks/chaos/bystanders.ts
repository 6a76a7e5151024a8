import { setTimeout as delay } from "node:timers/promises"
import { isGroupGone } from "../../src/actors/hosts/process-group.ts"
import { descendantsOf } from "../../tests/support/process-tree.ts"

/** How long what was told to end may take, on a machine that is busy. */
const ENDED_WITHIN_MS = 5000

/** What must not happen to the process that everything runs in, watched while `work` runs. */
export const watchProcess = async <A>(
  work: () => Promise<A>,
  hostsOf: (found: A) => Iterable<number>,
): Promise<{
  readonly found: A
  readonly crashes: readonly string[]
  readonly orphans: readonly number[]
}> => {
  const crashes: string[] = []
  const note = (error: unknown): void => {
    crashes.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const before = new Set(descendantsOf(process.pid))
  process.on("uncaughtException", note)
  process.on("unhandledRejection", note)
  try {
    const found = await work()
    const leftBehind = (): readonly number[] => {
      const left = descendantsOf(process.pid).filter((pid) => !before.has(pid))
      const groups = [...hostsOf(found)].filter((pid) => !isGroupGone(pid))
      return [...new Set([...left, ...groups])]
    }
    // What was told to end a moment ago may need another.
    const deadlineMs = performance.now() + ENDED_WITHIN_MS
    while (leftBehind().length > 0 && performance.now() < deadlineMs) await delay(100)
    return { found, crashes, orphans: leftBehind() }
  } finally {
    process.off("uncaughtException", note)
    process.off("unhandledRejection", note)
  }
}
