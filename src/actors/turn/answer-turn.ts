import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { ringTone } from "../../audio/ring-tone.ts"
import type { AnswerInput, TurnEvent, TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { asksQuestion } from "../../text/questions.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { replyFree } from "./reply-free.ts"
import { type PhraseReply, replyPhrase } from "./reply-phrase.ts"
import { speakClause, speakText } from "./speak-clause.ts"
import { understandTurn } from "./understand-turn.ts"

const notices = {
  "timed-out": "Sorry, that took too long.",
  failed: "Sorry, something went wrong there.",
  unclear: "Sorry, I didn't catch that. Could you say it again?",
} as const

/**
 * Hears, understands and answers one revision of one turn, telling the conversation as it goes. All of it is
 * speculation until the turn is committed: what is spoken waits at the gate, what has a side effect waits for the
 * commitment. Interrupting it cancels the inference under way.
 */
export const answerTurn =
  (services: AnswerServices) =>
  (input: AnswerInput): Stream.Stream<TurnEvent> => {
    const { turnId, revision } = input
    const key = { turnId, revision }
    // At once, not when the stream runs: what is noted about a new revision makes the ledger forget the words.
    services.output.begin(key)
    if (input.source === "notice") services.ledger.restate(key)
    else services.ledger.revise(key)
    return Stream.callback<TurnEvent>((queue) => {
      const tell: Tell = (event) => Effect.asVoid(Queue.offer(queue, event))
      return respond(services, input, tell).pipe(
        Effect.catchCause((cause) =>
          Effect.gen(function* () {
            const turn = services.ledger.revise(key)
            turn.apology = spokenReason(cause)
            // What was written before the failure is still spoken, and an answer does not just break off.
            if (turn.reply.length > 0) yield* speakClause(services, key, tell, turn.apology ?? notices.failed)
            services.output.complete(key)
            yield* tell({ type: "turn.failed", ...key, reason: reasonOf(cause) })
          }),
        ),
        Effect.andThen(Queue.end(queue)),
      )
    })
  }

const respond = (
  services: AnswerServices,
  input: AnswerInput,
  tell: Tell,
): Effect.Effect<void, ModelFailure> =>
  Effect.gen(function* () {
    const { turnId, revision } = input
    const key = { turnId, revision }
    const reply = yield* replyTo(services, input, tell)
    services.output.complete(key)
    const written = services.ledger.revise(key).reply.join(" ")
    yield* tell({
      type: "turn.written",
      ...key,
      aftermath: reply.aftermath,
      asksQuestion: asksQuestion(written),
    })
  })

const replyTo = (
  services: AnswerServices,
  input: AnswerInput,
  tell: Tell,
): Effect.Effect<PhraseReply, ModelFailure> =>
  Effect.gen(function* () {
    const { turnId, revision, source, notice } = input
    const key = { turnId, revision }
    const say = (text: string) => Effect.as(speakClause(services, key, tell, text), quiet)
    if (source === "notice")
      return yield* say(services.ledger.revise(key).apology ?? notices[notice ?? "failed"])

    const typed = services.typed(turnId)
    if (typed?.mode === "say") {
      if (typed.rings) yield* ring(services, key, tell)
      yield* speakText(services, key, tell, typed.text)
      return quiet
    }

    const understood = yield* understandTurn(services, input, typed?.text)
    yield* tell({
      type: "turn.understood",
      ...key,
      verdict: understood.verdict,
      nowMs: services.timebase.audioNow(),
    })
    switch (understood.kind) {
      case "nothing":
        return quiet
      case "unclear":
        return yield* say(notices.unclear)
      case "phrase":
        return yield* replyPhrase(services, key, tell, understood.match)
      case "free":
        yield* replyFree(services, key, tell, understood.text)
        return yield* Effect.as(sayWhoAnswered(services, key, tell), quiet)
    }
  })

/** Once for each cause, so not for a revision that nobody hears. */
const sayWhoAnswered = (services: AnswerServices, key: TurnKey, tell: Tell): Effect.Effect<void> =>
  Effect.gen(function* () {
    const choice = yield* services.languageModel
    if (choice.type === "none" || choice.model.spokenNotice === undefined) return
    yield* services.committed(key)
    const notice = choice.model.spokenNotice
    if (notice === undefined) return
    notice.taken()
    const turn = services.ledger.revise(key)
    // The conversation does not remember it: a small model repeats what it finds there.
    turn.remembered ??= turn.reply.join(" ")
    yield* speakText(services, key, tell, notice.text)
  })

/** Heard while the words are still being synthesised. */
const ring = ({ output, outputRateHz }: AnswerServices, key: TurnKey, tell: Tell): Effect.Effect<void> =>
  Effect.suspend(() => {
    output.add(key, "", ringTone(outputRateHz))
    return tell({ type: "turn.clause", ...key })
  })

const quiet: PhraseReply = { aftermath: "none" }

/** Where a model got no memory, that is the answer: the reason is a sentence that can be spoken. */
const spokenReason = (cause: Cause.Cause<ModelFailure>): string | undefined => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  return failure?.reason === "refused" ? failure.message : undefined
}

/** The failure's tag and kind, never its text: a transcript could be part of that. */
const reasonOf = (cause: Cause.Cause<ModelFailure>): string => {
  const error = Cause.squash(cause)
  if (typeof error !== "object" || error === null || !("_tag" in error)) return "Defect"
  return "reason" in error ? `${String(error._tag)}: ${String(error.reason)}` : String(error._tag)
}
