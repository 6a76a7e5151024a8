import { messageOf } from "../failure.ts"

export type CheckStatus = "ok" | "warn" | "fail"

/** What a check found, in one line; `fix` is the one thing to do about it. */
export interface Finding {
  readonly status: CheckStatus
  readonly summary: string
  readonly fix?: string | undefined
}

export interface Check {
  /** Stable, for scripts and for `--only`: `models.files`. */
  readonly id: string
  readonly timeoutMs?: number | undefined
  run(signal: AbortSignal): Promise<Finding> | Finding
}

export interface CheckResult extends Finding {
  readonly id: string
  readonly tookMs: number
}

const DEFAULT_TIMEOUT_MS = 10_000

export const ok = (summary: string): Finding => ({ status: "ok", summary })
export const warn = (summary: string, fix: string): Finding => ({ status: "warn", summary, fix })
export const fail = (summary: string, fix: string): Finding => ({ status: "fail", summary, fix })

/** Never rejects: a check that throws or takes too long is a check that failed. */
export async function runCheck(check: Check): Promise<CheckResult> {
  const { id, timeoutMs = DEFAULT_TIMEOUT_MS } = check
  const start = performance.now()
  const overdue = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      overdue.abort()
      resolve(fail(`did not finish within ${timeoutMs} ms`, "try again when the machine is less busy"))
    }, timeoutMs)
  })
  const found = Promise.resolve()
    .then(() => check.run(overdue.signal))
    .catch((error: unknown) => fail(`could not be checked: ${messageOf(error)}`, "see the message"))
  const finding = await Promise.race([found, late])
  clearTimeout(timer)
  return { id, tookMs: Math.round(performance.now() - start), ...finding }
}
