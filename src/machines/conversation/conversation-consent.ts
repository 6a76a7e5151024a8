import { assertEvent } from "xstate"
import { conversationBase as base } from "./conversation-base.ts"
import type { ConsentInput } from "./conversation-types.ts"

/** A question of the guard's, from when it is asked until somebody judged the answer. */
export const consentActions = {
  /** Takes up a question of the guard's; an older one that is still pending is over. What was said before it is done. */
  rememberConsent: base.enqueueActions(({ context, event, enqueue }) => {
    assertEvent(event, "turn.consent")
    const { turn, consent } = context
    const { consentId, expiresInMs } = event
    if (turn === undefined || consent?.consentId === consentId) return
    if (consent !== undefined) enqueue.emit({ type: "consent.dropped", consentId: consent.consentId })
    enqueue.assign({
      turn: { ...turn, clauseReady: false, drained: false },
      consent: { consentId, expiresInMs, questionEndMs: undefined, fromMs: 0, toMs: 0, next: undefined },
    })
  }),
  /** A question that cannot be asked now is not left hanging. */
  refuseConsent: base.enqueueActions(({ context, event, enqueue }) => {
    assertEvent(event, "turn.consent")
    const { consentId } = event
    if (context.consent?.consentId !== consentId) enqueue.emit({ type: "consent.dropped", consentId })
  }),
  dropConsent: base.enqueueActions(({ context, enqueue }) => {
    const { consent } = context
    if (consent === undefined) return
    enqueue.emit({ type: "consent.dropped", consentId: consent.consentId })
    enqueue.assign({ consent: undefined })
  }),
  /** The question is over: of one that still sounds, the rest is not spoken. */
  cutQuestion: base.enqueueActions(({ context: { turn, consent }, enqueue }) => {
    if (turn === undefined || consent === undefined || consent.questionEndMs !== undefined) return
    const { turnId, revision } = turn
    enqueue.emit({ type: "question.cut", turnId, revision, consentId: consent.consentId })
  }),
  questionHeard: base.assign(({ context, event }) => {
    assertEvent(event, "speaker.drained")
    return context.consent === undefined
      ? {}
      : { consent: { ...context.consent, questionEndMs: event.nowMs } }
  }),
  answerBegins: base.assign(({ context, event }) => {
    assertEvent(event, ["speech.started", "speech.resumed"])
    return context.consent === undefined ? {} : { consent: { ...context.consent, fromMs: event.atMs } }
  }),
  answerPauses: base.assign(({ context, event }) => {
    assertEvent(event, "speech.paused")
    return context.consent === undefined ? {} : { consent: { ...context.consent, toMs: event.atMs } }
  }),
  /** An answer that is cut by its expiry is none: half of "yes … no, wait" must not be a yes. */
  answerGoesOn: base.assign(({ context }) =>
    context.consent === undefined ? {} : { consent: { ...context.consent, toMs: 0 } },
  ),
  judge: base.enqueueActions(({ context, enqueue }) => {
    const { turn, consent, nowMs } = context
    if (turn === undefined || consent === undefined) return
    const { consentId, fromMs, toMs } = consent
    const { turnId, revision } = turn
    const questionEndMs = consent.questionEndMs ?? Math.max(nowMs, toMs)
    const input: ConsentInput = { turnId, revision, consentId, fromMs, toMs, questionEndMs }
    enqueue.spawnChild("judgeConsent", { id: `judge:${consentId}`, input })
  }),
  stopJudge: base.enqueueActions(({ context, enqueue }) => {
    if (context.consent !== undefined) enqueue.stopChild(`judge:${context.consent.consentId}`)
  }),
  forgetConsent: base.assign({ consent: undefined }),
  answerBeginsAgain: base.assign(({ context: { consent }, event }) => {
    assertEvent(event, ["speech.started", "speech.resumed"])
    if (consent === undefined) return {}
    const fromMs = consent.next?.fromMs ?? event.atMs
    return { consent: { ...consent, next: { fromMs, toMs: 0 } } }
  }),
  answerPausesAgain: base.assign(({ context: { consent }, event }) => {
    assertEvent(event, "speech.paused")
    if (consent?.next === undefined) return {}
    return { consent: { ...consent, next: { ...consent.next, toMs: event.atMs } } }
  }),
  /** What was judged was no answer: the next sound may be. */
  takeNextAnswer: base.assign(({ context: { consent } }) => {
    if (consent === undefined) return {}
    const { fromMs, toMs } = consent.next ?? { fromMs: 0, toMs: 0 }
    return { consent: { ...consent, fromMs, toMs, next: undefined } }
  }),
}
