import { isGroupGone } from "../../src/actors/hosts/process-group.ts"
import { descendantsOf } from "../../tests/support/process-tree.ts"

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
    // What was told to end a moment ago may need another.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const left = descendantsOf(process.pid).filter((pid) => !before.has(pid))
    const groups = [...hostsOf(found)].filter((pid) => !isGroupGone(pid))
    return { found, crashes, orphans: [...new Set([...left, ...groups])] }
  } finally {
    process.off("uncaughtException", note)
    process.off("unhandledRejection", note)
  }
}
