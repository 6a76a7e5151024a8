/** How often it is looked at: for a parent whose pipes somebody inherited, so that their end does not tell. */
const POLL_MS = 1000

/** Calls `die` as soon as this process is no longer the child of `parentPid`; looks at once, and then every second. */
export const watchParent = (parentPid: number, die: () => void): void => {
  const check = (): void => {
    if (process.ppid !== parentPid) die()
  }
  check()
  setInterval(check, POLL_MS).unref()
}
