import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Announcement, Announcements } from "../../ports/announcements.ts"
import type { Clock } from "../../ports/clock.ts"
import type { TurnRecord } from "../../ports/turn.ts"
import { type Conversation, isAtRest, type StateEntered } from "./conversation-system.ts"

export interface AnnouncerOptions {
  /** The one that is up now. */
  readonly conversation: () => Pick<Conversation, "state" | "type" | "degraded">
  /** Monotonic. */
  readonly clock: Clock
  readonly newTurnId: () => string
  readonly onNotice: (message: string) => void
}

/** Between the end of a turn and what Jett says by itself: whoever wants to go on has begun by then. */
const SETTLE_MS = 500
/** How often it is looked again whether something that waits can be said, besides when the state changes. */
const LOOK_AGAIN_MS = 1000
/** A turn that was interrupted before it was heard is begun anew, but not for ever. */
const MAX_ATTEMPTS = 3
/** Longer than any turn lasts: by then there is no conversation that could say it. */
const MAX_WAIT_MS = 300_000
/** Longer than a turn may take; one that nobody ended is over then. */
const MAX_TURN_MS = 180_000

interface Waiting {
  readonly announcement: Announcement
  /** May be said from then on. */
  readonly fromMs: number
  /** It was heard once. */
  readonly isRepeat: boolean
  readonly attempts: number
}

interface Current {
  waiting: Waiting
  readonly turnId: string
  readonly text: string
  withdrawn: boolean
}

/**
 * The one queue of what Jett says by itself. Each is a turn of its own, begun when no other is in hand, muted or not: the
 * mute is of the ears. What was interrupted before half of it was heard is said again, three times at most; what cannot be
 * said is shown as a notice.
 *
 * Whoever owns it tells it the states and turns of the conversation. All in memory: what was not delivered when the
 * process ends is for whoever announced it to know.
 */
export class Announcer implements Announcements {
  readonly #options: AnnouncerOptions
  #waiting: readonly Waiting[] = []
  #current: Current | undefined
  #restSinceMs = Number.NEGATIVE_INFINITY
  #timer: unknown
  #closed = false

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  announce(announcement: Announcement): void {
    if (this.#closed) return
    if (this.#isKnown(announcement.id)) {
      this.#replace(announcement)
    } else {
      this.#add({ announcement, fromMs: this.#now(), isRepeat: false, attempts: 0 })
      this.#next()
    }
  }

  withdraw(id: string): boolean {
    const isKnown = this.#isKnown(id)
    this.#waiting = this.#waiting.filter(({ announcement }) => announcement.id !== id)
    if (this.#current?.waiting.announcement.id === id) this.#current.withdrawn = true
    return isKnown
  }

  /** The conversation entered a state. */
  entered({ value }: Pick<StateEntered, "value">): void {
    if (isAtRest(value)) this.#restSinceMs = this.#now()
    // Later, not now: this is called in the middle of the conversation's own step.
    this.#lookIn(SETTLE_MS)
  }

  /** A turn ended. */
  ended(turn: Pick<TurnRecord, "id" | "outcome" | "transcript" | "heard">): void {
    if (turn.id === this.#current?.turnId) {
      this.#settle(this.#current, turn)
    } else if (turn.transcript !== "") {
      this.#waiting = this.#waiting.filter(({ isRepeat }) => !isRepeat)
    }
  }

  /** The conversation is gone, and with it the turn that it had. */
  lost(): void {
    this.#restSinceMs = this.#now()
    if (this.#current !== undefined) this.#settle(this.#current, undefined)
  }

  /** Says nothing more; what waits is forgotten. */
  close(): void {
    this.#closed = true
    this.#waiting = []
    this.#options.clock.clearTimeout(this.#timer)
  }

  #next(): void {
    if (this.#closed || this.#current !== undefined) return
    const now = this.#now()
    for (const late of this.#waiting.filter(({ fromMs }) => now - fromMs >= MAX_WAIT_MS)) this.#write(late)
    const next = this.#waiting.find(({ fromMs }) => fromMs <= now)
    if (next !== undefined) {
      const { state } = this.#options.conversation()
      const settledMs = now - this.#restSinceMs
      if (isAtRest(state().value) && settledMs >= SETTLE_MS) this.#say(next)
      else this.#lookIn(LOOK_AGAIN_MS)
    } else if (this.#waiting.length > 0) {
      this.#lookIn(Math.min(...this.#waiting.map(({ fromMs }) => fromMs)) - now)
    }
  }

  #say(waiting: Waiting): void {
    const turnId = this.#options.newTurnId()
    const text = waiting.announcement.text()
    const current = { waiting, turnId, text, withdrawn: false }
    this.#current = current
    this.#remove(waiting)
    const { rings } = waiting.announcement
    const turn = { mode: "say", text, rings, onText: () => {} } as const
    if (this.#options.conversation().type(turnId, turn)) {
      this.#at(MAX_TURN_MS, () => this.#settle(current, undefined))
    } else {
      this.#current = undefined
      this.#waiting = [waiting, ...this.#waiting]
      this.#lookIn(LOOK_AGAIN_MS)
    }
  }

  /** `turn` is undefined where nobody knows what became of it. */
  #settle(current: Current, turn: Pick<TurnRecord, "outcome" | "heard"> | undefined): void {
    if (this.#current !== current) return
    this.#current = undefined
    const { waiting, text, withdrawn } = current
    const { isRepeat } = waiting
    const tried = { ...waiting, attempts: waiting.attempts + 1 }
    if (!withdrawn) {
      if (turn !== undefined && this.#isVoiceAway()) this.#write(tried)
      else if (turn !== undefined && wasHeard(turn, text)) this.#deliver(tried, turn)
      else if (!isRepeat && tried.attempts < MAX_ATTEMPTS) this.#waiting = [tried, ...this.#waiting]
      else if (!isRepeat) this.#write(tried)
    }
    this.#lookIn(SETTLE_MS)
  }

  #deliver({ announcement, isRepeat }: Waiting, { outcome }: Pick<TurnRecord, "outcome">): void {
    if (isRepeat) return
    // Whoever interrupts it has heard it.
    if (announcement.repeatAfterMs !== undefined && outcome === "answered") {
      const fromMs = this.#now() + announcement.repeatAfterMs
      this.#add({ announcement, fromMs, isRepeat: true, attempts: 0 })
    }
    announcement.onDelivered?.("heard")
  }

  #write(waiting: Waiting): void {
    this.#remove(waiting)
    if (waiting.isRepeat) return
    this.#options.onNotice(waiting.announcement.notice)
    waiting.announcement.onDelivered?.("written")
  }

  /** Without a voice a turn is a tone, without a speaker it is nothing. */
  #isVoiceAway(): boolean {
    const away = this.#options.conversation().degraded()
    return away.includes("tts") || away.includes("speaker")
  }

  #isKnown(id: string): boolean {
    const current = this.#current?.withdrawn === false ? [this.#current.waiting] : []
    return [...this.#waiting, ...current].some(({ announcement }) => announcement.id === id)
  }

  /** Whoever announces it again, after a restart, is the one to be told. */
  #replace(announcement: Announcement): void {
    const renewed = (waiting: Waiting): Waiting =>
      waiting.announcement.id === announcement.id ? { ...waiting, announcement } : waiting
    this.#waiting = this.#waiting.map(renewed)
    if (this.#current !== undefined) this.#current.waiting = renewed(this.#current.waiting)
    const known = [...this.#waiting, ...(this.#current === undefined ? [] : [this.#current.waiting])]
    if (known.some((waiting) => waiting.isRepeat && waiting.announcement === announcement))
      announcement.onDelivered?.("heard")
  }

  #add(waiting: Waiting): void {
    this.#waiting = [...this.#waiting, waiting]
  }

  #remove(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
  }

  #lookIn(ms: number): void {
    if (this.#current === undefined && this.#waiting.length > 0) this.#at(ms, () => this.#next())
  }

  #at(ms: number, then: () => void): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = clock.setTimeout(then, Math.max(0, ms))
  }

  #now(): number {
    return this.#options.clock.now()
  }
}

/** At least half of the text reached the speaker. */
const wasHeard = ({ outcome, heard }: Pick<TurnRecord, "outcome" | "heard">, text: string): boolean => {
  if (outcome === "answered") return true
  return (outcome === "interrupted" || outcome === "cancelled") && 2 * heard.length >= text.length
}

/** An announcer for as long as the scope lasts. */
export const makeAnnouncer = (options: AnnouncerOptions): Effect.Effect<Announcer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Announcer(options)),
    (announcer) => Effect.sync(() => announcer.close()),
  )
