/**
 * When what ended may start again. Pure: the caller keeps the history and brings the time, in milliseconds of a
 * monotonic clock. The window is the one of Erlang/OTP's supervisor (`add_restart`); the back-off and the breaker are
 * additions, since loading a model is not free.
 */
export interface RestartWindow {
  /** Restarts allowed within `periodMs`; one more is past the intensity. */
  readonly intensity: number
  readonly periodMs: number
  /** The first restart in a window is immediate, the second waits this long, each later one twice as long. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
}

/** The window of one child that has a breaker of its own. */
export interface RestartPolicy extends RestartWindow {
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

export type WindowDecision =
  | { readonly type: "restart-now"; readonly restartsAtMs: readonly number[] }
  | { readonly type: "restart-after"; readonly delayMs: number; readonly restartsAtMs: readonly number[] }
  | { readonly type: "past-intensity"; readonly restarts: number }

/** Decides about one more restart at `nowMs`. Waiting does not reset the window: it begins at the decision. */
export const addRestart = (
  window: RestartWindow,
  restartsAtMs: readonly number[],
  nowMs: number,
): WindowDecision => {
  const recent = restartsAtMs.filter((atMs) => atMs > nowMs - window.periodMs)
  if (recent.length >= window.intensity) return { type: "past-intensity", restarts: recent.length }
  const next = [...recent, nowMs]
  const delayMs = recent.length === 0 ? 0 : backoffAfter(window, recent.length)
  if (delayMs === 0) return { type: "restart-now", restartsAtMs: next }
  return { type: "restart-after", delayMs, restartsAtMs: next }
}

/** How long the restarts of one full window wait in all. From `periodMs` on, no window would ever fill. */
export const totalBackoffMs = (window: RestartWindow): number => {
  let totalMs = 0
  for (let earlier = 1; earlier < window.intensity && totalMs < window.periodMs; earlier++) {
    totalMs += backoffAfter(window, earlier)
  }
  return totalMs
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

/** Decides about a child with a breaker that ended or failed to start at `nowMs`, having run for `ranMs`. */
export const decideRestart = (
  policy: RestartPolicy,
  history: RestartHistory,
  nowMs: number,
  ranMs: number,
): RestartDecision => {
  const probeFailed = history.probing && ranMs < policy.periodMs
  const decision = addRestart(policy, history.restartsAtMs, nowMs)
  if (probeFailed || decision.type === "past-intensity") {
    return { type: "give-up", retryAtMs: nowMs + policy.breakerMs, history: NO_RESTARTS }
  }
  const next: RestartHistory = { restartsAtMs: decision.restartsAtMs, probing: false }
  if (decision.type === "restart-now") return { type: "restart-now", history: next }
  return { type: "restart-after", delayMs: decision.delayMs, history: next }
}

const backoffAfter = (window: RestartWindow, earlier: number): number =>
  Math.min(window.maxBackoffMs, window.backoffMs * 2 ** (earlier - 1))
