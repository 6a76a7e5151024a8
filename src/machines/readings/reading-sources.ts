import type { MemoryReading, Readings } from "../../ports/readings.ts"

export type SourceId = Exclude<Readings["source"], "none">

export type ReadingsStatus =
  /** Nothing was heard yet. */
  | { readonly type: "opening" }
  | { readonly type: "reading"; readonly source: SourceId }
  | { readonly type: "none"; readonly reason: string }

export interface SourceLimits {
  /** A source that has to be asked is asked this often. */
  readonly intervalMs: number
  /** No reading for this long: the source hangs, and is started again. */
  readonly silentMs: number
  /** The same before its first reading: a GPU that sleeps takes seconds to wake. */
  readonly startMs: number
  /** No reading for this long, whatever is tried: what was read last no longer holds. */
  readonly goneMs: number
}

export interface SourcesState {
  readonly limits: SourceLimits
  readonly status: ReadingsStatus
  /** Best first, without those that are of no use to try again. */
  readonly candidates: readonly SourceId[]
  /** Which of them has its turn. */
  readonly at: number
  /** Since it has its turn, or since it was last sound. */
  readonly failures: number
  /** Counts starts, so that a late word of a source that was left behind is known as such. */
  readonly life: number
  readonly isOpen: boolean
  /** In this life. */
  readonly hasSpoken: boolean
  readonly openedAtMs: number
  readonly heardAtMs: number
  /** When the source is to be asked again, or else to be started. */
  readonly nextAtMs: number | undefined
  /** When what was read last no longer holds. */
  readonly goneAtMs: number | undefined
  /** Why each is not read, the last time it was tried. */
  readonly reasons: Readonly<Partial<Record<SourceId, string>>>
}

/** `nowMs` is monotonic time. */
export type SourcesEvent = { readonly nowMs: number } & (
  | { readonly type: "readings.wanted" }
  | { readonly type: "source.read"; readonly life: number; readonly reading: MemoryReading }
  /** `isFinal`: to try again is of no use. */
  | {
      readonly type: "source.gone"
      readonly life: number
      readonly reason: string
      readonly isFinal: boolean
    }
  | { readonly type: "time.passed" }
)

export type SourcesCommand =
  | { readonly type: "open"; readonly source: SourceId; readonly life: number }
  | { readonly type: "ask" }
  | { readonly type: "close" }
  | { readonly type: "publish"; readonly reading: MemoryReading }

export interface SourcesStep {
  readonly state: SourcesState
  readonly commands: readonly SourcesCommand[]
}

/** Why there are no readings where there was nothing to try. */
export const NO_DRIVER = "no NVIDIA driver was found"

/** Why there are none of a source that says nothing of its own failure. */
const SILENCE = "the driver gives no reading"

/** Waits between the starts of one source; when they are used up, the next source has its turn. */
const BACK_OFF_MS = [100, 1000]
/** A source that lives this long has its back-off forgiven. */
const SOUND_MS = 10_000
/** When every source has failed, all are tried again after this. */
const REST_MS = 60_000

export const unopenedSources = (candidates: readonly SourceId[], limits: SourceLimits): SourcesState => ({
  limits,
  status: { type: "opening" },
  candidates,
  at: 0,
  failures: 0,
  life: 0,
  isOpen: false,
  hasSpoken: false,
  openedAtMs: 0,
  heardAtMs: 0,
  nextAtMs: undefined,
  goneAtMs: undefined,
  reasons: {},
})

/**
 * The decisions about which source of readings is used, without effects. One that dies or hangs is started again; when
 * it fails again and again the next has its turn; when all have, or none has spoken for a while, the status is `none`.
 * Not the supervisor's: it knows no next best child, and nothing but the readings depends on these.
 */
export const judgeSources = (state: SourcesState, event: SourcesEvent): SourcesStep => {
  const { nowMs } = event
  switch (event.type) {
    case "readings.wanted":
      return start({ ...state, goneAtMs: nowMs + state.limits.startMs }, nowMs)
    case "source.read":
      return isCurrent(state, event.life) ? heard(state, event.reading, nowMs) : unchanged(state)
    case "source.gone":
      return isCurrent(state, event.life) ? failed(state, event, nowMs) : unchanged(state)
    case "time.passed": {
      const { state: next, commands } = isDue(state.nextAtMs, nowMs) ? turn(state, nowMs) : unchanged(state)
      return { state: isDue(next.goneAtMs, nowMs) ? lapsed(next) : next, commands }
    }
  }
}

/** When there is something to do although nothing happens; undefined where nothing is waited for. */
export const sourcesDueAtMs = ({ nextAtMs, goneAtMs }: SourcesState): number | undefined => {
  if (nextAtMs === undefined || goneAtMs === undefined) return nextAtMs ?? goneAtMs
  return Math.min(nextAtMs, goneAtMs)
}

/** Whether that life of a source is the one that is listened to. */
export const isCurrent = ({ isOpen, life: current }: SourcesState, life: number): boolean =>
  isOpen && life === current

const unchanged = (state: SourcesState): SourcesStep => ({ state, commands: [] })

const isDue = (atMs: number | undefined, nowMs: number): boolean => atMs !== undefined && nowMs >= atMs

const start = (state: SourcesState, nowMs: number): SourcesStep => {
  const source = state.candidates[state.at]
  if (source === undefined) return unchanged(rested(state, nowMs))
  const life = state.life + 1
  const opened: SourcesState = {
    ...state,
    life,
    isOpen: true,
    hasSpoken: false,
    openedAtMs: nowMs,
    heardAtMs: nowMs,
    nextAtMs: nowMs + state.limits.intervalMs,
  }
  return { state: opened, commands: [{ type: "open", source, life }, { type: "ask" }] }
}

const rested = (state: SourcesState, nowMs: number): SourcesState => ({
  ...state,
  status: { type: "none", reason: reasonOf(state) ?? NO_DRIVER },
  at: 0,
  nextAtMs: state.candidates.length > 0 ? nowMs + REST_MS : undefined,
})

const heard = (state: SourcesState, reading: MemoryReading, nowMs: number): SourcesStep => {
  const source = state.candidates[state.at]
  if (source === undefined) return unchanged(state)
  const { status } = state
  const isKnown = status.type === "reading" && status.source === source
  return {
    state: {
      ...state,
      status: isKnown ? status : { type: "reading", source },
      hasSpoken: true,
      heardAtMs: nowMs,
      // One that is started again after a crash is back before this: others are not told of it.
      goneAtMs: nowMs + state.limits.goneMs,
      failures: nowMs - state.openedAtMs >= SOUND_MS ? 0 : state.failures,
    },
    commands: [{ type: "publish", reading }],
  }
}

const failed = (
  state: SourcesState,
  { reason, isFinal }: { readonly reason: string; readonly isFinal: boolean },
  nowMs: number,
): SourcesStep => {
  const source = state.candidates[state.at]
  if (source === undefined) return unchanged(state)
  const down: SourcesState = { ...state, isOpen: false, reasons: { ...state.reasons, [source]: reason } }
  const waitMs = isFinal ? undefined : BACK_OFF_MS[state.failures]
  if (waitMs !== undefined) {
    return unchanged({ ...down, failures: state.failures + 1, nextAtMs: nowMs + waitMs })
  }
  const next: SourcesState = isFinal
    ? { ...down, candidates: state.candidates.toSpliced(state.at, 1) }
    : { ...down, at: state.at + 1 }
  return start({ ...next, failures: 0 }, nowMs)
}

/** What is open is asked, if it does not hang; what is not is started. */
const turn = (state: SourcesState, nowMs: number): SourcesStep => {
  const { limits, hasSpoken, candidates, at } = state
  if (!state.isOpen) return start(state, nowMs)
  const limitMs = hasSpoken ? limits.silentMs : limits.startMs
  if (nowMs - state.heardAtMs <= limitMs) {
    return { state: { ...state, nextAtMs: nowMs + limits.intervalMs }, commands: [{ type: "ask" }] }
  }
  const reason = `${candidates[at]} gave no reading for ${limitMs} ms`
  const next = failed(state, { reason, isFinal: false }, nowMs)
  return { state: next.state, commands: [{ type: "close" }, ...next.commands] }
}

const lapsed = (state: SourcesState): SourcesState => ({
  ...state,
  goneAtMs: undefined,
  status: state.status.type === "none" ? state.status : { type: "none", reason: reasonOf(state) ?? SILENCE },
})

const reasonOf = ({ reasons }: SourcesState): string | undefined => {
  const all = Object.values(reasons)
  return all.length === 0 ? undefined : all.join("; ")
}
