/**
 * When a child that ended may start again. Pure: the caller keeps the history and brings the time, in milliseconds of
 * a monotonic clock. The window is the one of Erlang/OTP's supervisor (`add_restart`); the back-off and the breaker
 * are additions, since loading a model is not free.
 */
export interface RestartPolicy {
  /** Restarts allowed within `periodMs`; one more opens the breaker. */
  readonly intensity: number
  readonly periodMs: number
  /** The first restart in a window is immediate, the second waits this long, each later one twice as long. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** How long an open breaker refuses; after it, one attempt is made on the next request. */
  readonly breakerMs: number
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  intensity: 5,
  periodMs: 60_000,
  backoffMs: 200,
  maxBackoffMs: 5000,
  breakerMs: 30_000,
}

export interface RestartHistory {
  /** When the restarts inside the window were decided, oldest first. */
  readonly restartsAtMs: readonly number[]
  /** The running attempt is the one that an open breaker allows; its failure opens the breaker again at once. */
  readonly probing: boolean
}

export const NO_RESTARTS: RestartHistory = { restartsAtMs: [], probing: false }

export type RestartDecision =
  | { readonly type: "restart-now"; readonly history: RestartHistory }
  | { readonly type: "restart-after"; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly type: "give-up"; readonly retryAtMs: number; readonly history: RestartHistory }

/** Decides about a child that ended or failed to start at `nowMs`, having run for `ranMs`. Waiting does not reset the window. */
export const decideRestart = (
  policy: RestartPolicy,
  history: RestartHistory,
  nowMs: number,
  ranMs: number,
): RestartDecision => {
  const probeFailed = history.probing && ranMs < policy.periodMs
  const recent = history.restartsAtMs.filter((atMs) => atMs > nowMs - policy.periodMs)
  if (probeFailed || recent.length >= policy.intensity) {
    return { type: "give-up", retryAtMs: nowMs + policy.breakerMs, history: NO_RESTARTS }
  }
  const next: RestartHistory = { restartsAtMs: [...recent, nowMs], probing: false }
  if (recent.length === 0) return { type: "restart-now", history: next }
  return { type: "restart-after", delayMs: backoffAfter(policy, recent.length), history: next }
}

const backoffAfter = (policy: RestartPolicy, earlier: number): number =>
  Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (earlier - 1))
