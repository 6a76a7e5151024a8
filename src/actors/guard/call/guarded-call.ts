import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { GuardedCallCommand, GuardTimes } from "../../../machines/guard/guarded-call-types.ts"
import { uuidV7 } from "../../../platform/uuid-v7.ts"
import type { DenialCode } from "../../../ports/guard.ts"
import type { CallContext, ToolCall, ToolResult } from "../../../ports/tools.ts"
import type { Ending } from "../audit/audit-trail.ts"
import { consentHash } from "../consent/consent-hash.ts"
import { denialOf, UNRECORDED, unknownSpeech } from "../denial-speech.ts"
import type { GuardParts } from "../guard-parts.ts"
import { actingSteps } from "./acting-steps.ts"
import { type CallBook, openBook } from "./call-book.ts"
import { CallFeed } from "./call-feed.ts"
import { type CallEnd, type CallLife, startCallLife } from "./call-life.ts"
import { consentingSteps } from "./consenting-steps.ts"
import { decidingSteps } from "./deciding-steps.ts"

/** One call from its first listener to its end. */
export interface GuardedCall {
  readonly book: CallBook
  readonly feed: CallFeed
  readonly life: CallLife
  /** Of the machine's end; the feed may have had an earlier result, which said where the PIN is given. */
  readonly final: Effect.Effect<ToolResult>
  /** Nobody listens any more. */
  abandoned(): void
  /** Stops it where it is: the guard itself is ending. */
  abandon(): void
}

/** Starts the machine of a call, and obeys it. */
export const startCall = (options: {
  readonly call: ToolCall
  readonly context: CallContext
  /** Refused for this before anybody looks at it; it leaves its row. */
  readonly refuse?: DenialCode | undefined
  readonly parts: GuardParts
  readonly times: GuardTimes
  /** With what the callers were told. */
  readonly onEnd: (told: ToolResult) => void
}): GuardedCall => {
  const { call, context, refuse, parts, times, onEnd } = options
  const { callId } = call
  const book = openBook(call, context, refuse)
  const feed = new CallFeed()
  const final = Deferred.makeUnsafe<ToolResult>()

  const leaveSubject = (): void => {
    if (book.operation !== undefined) parts.queue.leave(book.operation.subject, callId)
  }
  const endConsent = (): void => {
    if (parts.consent.holder === callId) parts.consent.holder = undefined
    if (book.question !== undefined) parts.desk.close(book.question.consentId)
    book.question = undefined
    book.pin = undefined
    feed.answered()
  }

  const obey = ({ type }: GuardedCallCommand): void => {
    switch (type) {
      case "subject.yield":
        leaveSubject()
        break
      case "pin.await":
        book.pin = { consentId: uuidV7(parts.wallNow()), sinceMs: parts.clock.now() }
        if (book.operation !== undefined) book.hash = consentHash(book.operation, book.target, call.turnId)
        feed.end(denialOf("pin-needed", book.operation?.spoken))
        break
      case "consent.over":
        endConsent()
        break
    }
  }

  const end = (how: CallEnd, isAbandoned = false): void => {
    endConsent()
    leaveSubject()
    parts.trail.over(callId, endingOf(how))
    const result = resultOf(how, book)
    // Where the PIN was asked for, whoever gave it hears the end; who typed a call can read the log.
    const isUnheard = !feed.hasEnded && !feed.isHeard && !isAbandoned && context.origin !== "command-line"
    const told = feed.end(result)
    Deferred.doneUnsafe(final, Effect.succeed(result))
    onEnd(told)
    if (isUnheard && how.type === "receipt" && result.type === "receipt" && result.tier !== "read")
      parts.onUnheard?.(result)
  }

  const life = startCallLife({
    callId,
    steps: {
      ...decidingSteps(parts, book),
      ...consentingSteps(parts, book, feed),
      ...actingSteps(parts, book),
    },
    times,
    clock: parts.clock,
    onCommand: obey,
    onEnd: (how) => end(how),
  })
  return {
    book,
    feed,
    life,
    final: Deferred.await(final),
    abandoned: () => {
      // Who was told where the PIN is given has their answer; the operation waits for it all the same.
      if (!feed.hasEnded) life.cancel()
    },
    abandon: () => end(life.stop(), true),
  }
}

/** For an intent whose outcome never came to the log. */
const endingOf = (end: CallEnd): Ending =>
  end.type === "denied"
    ? { outcome: undefined, reason: end.code, payload: undefined }
    : { outcome: end.outcome, reason: undefined, payload: undefined }

const resultOf = (end: CallEnd, book: CallBook): ToolResult => {
  const { earlier, operation, denial, performed, receiptId } = book
  if (earlier !== undefined) return earlier
  if (end.type === "denied") {
    const { code } = end
    return denial?.code === code ? { type: "denied", ...denial } : denialOf(code, operation?.spoken)
  }
  const { outcome, isRecorded } = end
  const seen = performed?.outcome === outcome ? performed : undefined
  const speech = seen?.speech ?? unknownSpeech(operation?.spoken ?? "do that")
  return {
    type: "receipt",
    receiptId: receiptId ?? uuidV7(),
    tool: operation?.tool ?? "unknown",
    tier: operation?.tier,
    outcome,
    speech: isRecorded ? speech : `${speech} ${UNRECORDED}`,
    observed: seen?.observed ?? {},
    ...(seen?.untrusted !== undefined && { untrusted: seen.untrusted }),
  }
}
