import { readdirSync, readFileSync } from "node:fs"

/** State letter and parent of a process (Linux), or undefined if it does not exist. */
const statOf = (pid: number): { readonly state: string; readonly parent: number } | undefined => {
  try {
    // The name in parentheses may itself hold spaces and parentheses.
    const [, state = "", parent = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(/.*\) (\S) (\d+) .*/s)
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}

/** True while the process exists and is not a zombie. */
export const isRunning = (pid: number): boolean => {
  const stat = statOf(pid)
  return stat !== undefined && stat.state !== "Z"
}

/** The running processes that this one started. */
export const childPids = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === process.pid && isRunning(pid))

/** Waits in real time until the condition holds; answers how long that took, in milliseconds. */
export const eventually = async (what: string, holds: () => boolean, withinMs = 5000): Promise<number> => {
  const startedAt = performance.now()
  while (!holds()) {
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`"${what}" did not happen within ${withinMs} ms`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - startedAt
}
