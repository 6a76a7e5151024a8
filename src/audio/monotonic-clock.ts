import { performance } from "node:perf_hooks"
import type { Clock } from "../ports/clock.ts"

/** Node fires at once what is asked to wait longer than this. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** Time since the process started, which no change of the wall clock moves. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  setTimeout: (fn, timeoutMs) => setTimeout(fn, Math.min(timeoutMs, LONGEST_TIMEOUT_MS)),
  clearTimeout: (timer) => {
    if (isTimeout(timer)) clearTimeout(timer)
  },
}

const isTimeout = (timer: unknown): timer is NodeJS.Timeout =>
  typeof timer === "object" && timer !== null && "hasRef" in timer
