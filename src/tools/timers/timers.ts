import * as Effect from "effect/Effect"
import type { Announcements } from "../../ports/announcements.ts"
import type { Clock } from "../../ports/clock.ts"
import { heardLabel } from "./heard-label.ts"
import {
  type CancelResult,
  MAX_TIMERS,
  matches,
  type RunningTimer,
  type SetResult,
  type Timer,
  type TimerFilter,
} from "./timer.ts"
import type { TimerFile } from "./timer-file.ts"
import { ringNotice, ringText } from "./timer-speech.ts"

export interface TimersOptions {
  readonly file: TimerFile
  /** Wall clock, ms. */
  readonly wall: () => number
  /** Monotonic: what is waited on. */
  readonly clock: Clock
  readonly announcements: Announcements
  readonly newId: () => string
}

interface Waiting {
  readonly timer: Timer
  /** Monotonic. Whatever becomes of the wall clock, it is not later than this while the machine is awake. */
  readonly dueMs: number
}

/** The wall clock may be set, and the machine may sleep: how long to trust in neither having happened. */
const CHECK_MS = 30_000
const RING_AGAIN_MS = 30_000
/** "Stop the timer" so soon after it rang means that one, not another that still runs. */
const JUST_RANG_MS = 20_000

/**
 * The timers that run. A timer ends when the wall clock says so, or after its own length on the monotonic one where the
 * wall clock was set back. One that ended stays in the file until it was heard (or shown as a notice): a process that is
 * killed in between rings it again when it starts, rather than never.
 */
export class Timers {
  readonly #options: TimersOptions
  #running: readonly Waiting[]
  #ringing: readonly Timer[] = []
  #justRang: readonly { readonly timer: Timer; readonly atMs: number }[] = []
  #alarm: unknown
  #closed = false

  /** Rings at once what ended while nobody was there. */
  constructor(options: TimersOptions) {
    this.#options = options
    this.#running = options.file.timers.map((timer) => {
      const leftMs = Math.min(timer.endsAtMs - options.wall(), timer.seconds * 1000)
      return { timer, dueMs: options.clock.now() + leftMs }
    })
    this.#check()
  }

  set(seconds: number, label: string | undefined): Effect.Effect<SetResult> {
    return Effect.suspend((): Effect.Effect<SetResult> => {
      if (this.#running.length + this.#ringing.length >= MAX_TIMERS) return Effect.succeed({ type: "full" })
      const { wall, clock, newId } = this.#options
      const setAtMs = wall()
      const timer: Timer = {
        id: newId(),
        ...(label === undefined ? {} : { label }),
        seconds,
        setAtMs,
        endsAtMs: setAtMs + seconds * 1000,
      }
      this.#running = [...this.#running, { timer, dueMs: clock.now() + seconds * 1000 }]
      this.#check()
      return Effect.map(this.#keep(), (kept) => ({ type: "set", timer, kept }))
    })
  }

  /** Those that still run, the next to end first. */
  running(wanted: TimerFilter = {}): readonly RunningTimer[] {
    const filter = this.#meant(wanted)
    return this.#running
      .filter(({ timer }) => matches(timer, filter))
      .map((waiting) => ({ timer: waiting.timer, leftMs: Math.max(0, this.#leftMs(waiting)) }))
      .sort((a, b) => a.leftMs - b.leftMs)
  }

  /** One that runs, of exactly this length and label, and was set no earlier than `sinceMs` of the wall clock. */
  setSince({ label, seconds }: TimerFilter, sinceMs: number): Timer | undefined {
    return this.#running
      .map(({ timer }) => timer)
      .find((timer) => timer.label === label && timer.seconds === seconds && timer.setAtMs >= sinceMs)
  }

  /** Silences what rings, or ends the one that still runs; with "all", both. Of several nobody knows which was meant. */
  cancel(which: TimerFilter | "all"): Effect.Effect<CancelResult> {
    return Effect.suspend((): Effect.Effect<CancelResult> => {
      const filter = which === "all" ? {} : this.#meant(which)
      const silenced = this.#silence(filter)
      if (which !== "all" && silenced.length > 0)
        return Effect.as(this.#keep(), { type: "silenced", timers: silenced })
      const timers = this.running(filter).map(({ timer }) => timer)
      if (timers.length > 1 && which !== "all") return Effect.succeed({ type: "ambiguous", timers })
      if (timers.length === 0) {
        return silenced.length === 0
          ? Effect.succeed({ type: "none" })
          : Effect.as(this.#keep(), { type: "silenced", timers: silenced })
      }
      this.#running = this.#running.filter(({ timer }) => !timers.includes(timer))
      return Effect.as(this.#keep(), { type: "cancelled", timers })
    })
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#alarm)
  }

  /** Rings what is due, and looks again when the next one is. */
  #check(): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#alarm)
    if (this.#closed) return
    const due = this.#running.filter((waiting) => this.#leftMs(waiting) <= 0)
    this.#running = this.#running.filter((waiting) => !due.includes(waiting))
    for (const { timer } of [...due].sort((a, b) => a.timer.endsAtMs - b.timer.endsAtMs)) this.#ring(timer)
    if (this.#running.length === 0) return
    const nextMs = Math.min(...this.#running.map((waiting) => this.#leftMs(waiting)))
    this.#alarm = clock.setTimeout(() => this.#check(), Math.min(CHECK_MS, Math.max(0, nextMs)))
  }

  #ring(timer: Timer): void {
    const { announcements, wall, clock } = this.#options
    this.#ringing = [...this.#ringing, timer]
    announcements.announce({
      id: timer.id,
      text: () => ringText(timer, wall() - timer.endsAtMs),
      notice: ringNotice(timer, wall() - timer.endsAtMs),
      rings: true,
      repeatAfterMs: RING_AGAIN_MS,
      onDelivered: () => {
        this.#ringing = this.#ringing.filter((other) => other !== timer)
        this.#justRang = [...this.#justRang.slice(-MAX_TIMERS), { timer, atMs: clock.now() }]
        if (!this.#closed) Effect.runFork(this.#keep())
      },
    })
  }

  /** Takes back what rings, and what would ring again; gives those and what rang just now. */
  #silence(filter: TimerFilter): readonly Timer[] {
    const { announcements, clock } = this.#options
    const now = clock.now()
    const ringing = this.#ringing.filter((timer) => matches(timer, filter))
    for (const { id } of ringing) announcements.withdraw(id)
    const rang = this.#justRang.filter(
      ({ timer, atMs }) =>
        matches(timer, filter) && (announcements.withdraw(timer.id) || now - atMs <= JUST_RANG_MS),
    )
    this.#ringing = this.#ringing.filter((timer) => !ringing.includes(timer))
    this.#justRang = this.#justRang.filter((one) => !rang.includes(one))
    return [...ringing, ...rang.map(({ timer }) => timer)]
  }

  /** A label by its sound, where there is none of that name. */
  #meant(filter: TimerFilter): TimerFilter {
    if (filter.label === undefined) return filter
    const rang = this.#justRang.map(({ timer }) => timer)
    const known = [...this.#running.map(({ timer }) => timer), ...this.#ringing, ...rang]
    return { ...filter, label: heardLabel(filter.label, known) }
  }

  #leftMs({ timer, dueMs }: Waiting): number {
    const { wall, clock } = this.#options
    return Math.min(timer.endsAtMs - wall(), dueMs - clock.now())
  }

  #keep(): Effect.Effect<boolean> {
    return this.#options.file.save([...this.#running.map(({ timer }) => timer), ...this.#ringing])
  }
}
