/** A span of the monotonic clock, in ms. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Length of the part of `window` that no span covers. */
export const uncoveredMs = (window: Span, spans: readonly Span[]): number => {
  const sorted = spans
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.max(fromMs, window.fromMs),
      toMs: Math.min(toMs, window.toMs),
    }))
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .sort((a, b) => a.fromMs - b.fromMs)
  let reached = window.fromMs
  let total = 0
  for (const { fromMs, toMs } of sorted) {
    if (fromMs > reached) total += fromMs - reached
    reached = Math.max(reached, toMs)
  }
  return total + Math.max(0, window.toMs - reached)
}

/** Length of the part of `window` that at least one span covers; where spans overlap it counts once. */
export const coveredMs = (window: Span, spans: readonly Span[]): number =>
  Math.max(0, window.toMs - window.fromMs - uncoveredMs(window, spans))
