/** One timer that was set. Times are of the wall clock, in ms: it goes on while the machine sleeps or Jett is off. */
export interface Timer {
  readonly id: string
  /** Lower-case letters, digits and single spaces, 30 characters at most. */
  readonly label?: string | undefined
  readonly seconds: number
  readonly setAtMs: number
  readonly endsAtMs: number
}

/** Which timers are meant: those with that label, of that length, or both. */
export interface TimerFilter {
  readonly label?: string | undefined
  readonly seconds?: number | undefined
}

export const MAX_TIMERS = 20
const MIN_SECONDS = 1
const MAX_SECONDS = 24 * 3600
const MAX_LABEL_LENGTH = 30

export const isLength = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= MIN_SECONDS && value <= MAX_SECONDS

/** A label as it may be given; it is kept in lower case. */
export const isLabel = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_LABEL_LENGTH && /^[a-z0-9]+(?: [a-z0-9]+)*$/i.test(value)

export const matches = (timer: TimerFilter, { label, seconds }: TimerFilter): boolean =>
  (label === undefined || timer.label === label) && (seconds === undefined || timer.seconds === seconds)

export interface RunningTimer {
  readonly timer: Timer
  readonly leftMs: number
}

export type SetResult =
  /** `kept` is false where it would not survive a restart. */
  { readonly type: "set"; readonly timer: Timer; readonly kept: boolean } | { readonly type: "full" }

export type CancelResult =
  | { readonly type: "cancelled"; readonly timers: readonly Timer[] }
  /** It rang already, and rings no more. */
  | { readonly type: "silenced"; readonly timers: readonly Timer[] }
  | { readonly type: "ambiguous"; readonly timers: readonly Timer[] }
  | { readonly type: "none" }
