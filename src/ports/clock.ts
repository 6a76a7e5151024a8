/**
 * A source of time and timers. There are three in Jett: audio (samples), monotonic and wall;
 * see "Three clocks" in ARCHITECTURE.md. The shape is the one XState takes as an actor system's clock.
 */
export interface Clock {
  /** Milliseconds since the clock's own origin; never goes backwards. */
  now(): number
  setTimeout(fn: () => void, timeoutMs: number): unknown
  clearTimeout(timer: unknown): void
}
