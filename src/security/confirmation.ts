import { randomInt } from "node:crypto"
import { uuidV7 } from "../platform/uuid-v7.ts"
import type {
  Confirmation,
  ConfirmationDesk,
  ConfirmationRefusal,
  ConfirmationRequest,
  ConfirmationVerdict,
  ConsentAnswer,
} from "../ports/consent.ts"
import { timingOf } from "./confirmation/answer-timing.ts"
import { CHALLENGE_WORDS, type ChallengeWord } from "./confirmation/challenge-words.ts"
import { type AnswerReading, readAnswer } from "./confirmation/consent-answer.ts"
import { FailureLock } from "./confirmation/failure-lock.ts"
import { questionOf } from "./confirmation/question.ts"
import { WordDealer } from "./confirmation/word-dealer.ts"

export interface ConfirmationDeskOptions {
  /** A whole number from 0 to `below` − 1; the system's secure generator by default. */
  readonly random?: ((below: number) => number) | undefined
  readonly newId?: (() => string) | undefined
  readonly words?: readonly ChallengeWord[] | undefined
  /** How long an operation is locked after three failures, and how long a failure is remembered. */
  readonly lockMs?: number | undefined
  /** How long after the question has been heard an answer may begin; 20 s by default. */
  readonly answerWithinMs?: number | undefined
}

const ANSWER_WITHIN_MS = 20_000
/** Asking takes at most this long; the conversation has the same limit. */
const ASKING_MS = 30_000
/** For what lies between the end of an answer and its verdict: the silence that ends it, and transcription. */
const JUDGING_MARGIN_MS = 15_000
const LOCK_MS = 5 * 60_000

/** A question that waits. Copied from the request: what is granted is what was read back. */
interface Pending extends ConfirmationRequest {
  readonly consentId: string
  readonly word: ChallengeWord
  readonly openedAtMs: number
  readonly deadlineMs: number
  /** What was forgiven since `open`: once each. */
  readonly forgiven: readonly ConfirmationRefusal[]
}

/**
 * Asks for a word and judges the answer: one question at a time, each with a fresh word, each judged once. It is decided
 * here alone and from text alone; no language model sees the word or the answer. Whatever is not exactly a consent is none.
 *
 * A spoken answer is measured on the audio clock, by the moments that come with it: it must begin 300 ms after the
 * question's end or later (`questionEndMs` 0 means that the question was not heard), and soon enough. Besides, a question
 * expires by the monotonic clock, so that it does so when nobody answers at all.
 */
export function makeConfirmationDesk(options: ConfirmationDeskOptions = {}): ConfirmationDesk {
  const { random = randomInt, newId = uuidV7, words = CHALLENGE_WORDS } = options
  const { lockMs = LOCK_MS, answerWithinMs = ANSWER_WITHIN_MS } = options
  const dealer = new WordDealer(words, random)
  const failures = new FailureLock(lockMs)
  let pending: Pending | undefined

  const isPending = (nowMs: number): boolean => pending !== undefined && !isOver(pending, nowMs)

  const ask = (
    request: ConfirmationRequest,
    nowMs: number,
    forgiven: readonly ConfirmationRefusal[],
    because?: ConfirmationRefusal,
  ): Confirmation => {
    const { origin, operationKey, spoken, hash } = request
    const consentId = newId()
    const word = dealer.deal(spoken)
    const limitMs =
      origin === "command-line" ? answerWithinMs : ASKING_MS + answerWithinMs + JUDGING_MARGIN_MS
    const about = { origin, operationKey, spoken, hash, consentId, word, forgiven }
    pending = { ...about, openedAtMs: nowMs, deadlineMs: nowMs + limitMs }
    return { consentId, question: questionOf(spoken, word, because), expiresInMs: answerWithinMs }
  }

  /** Asks once more with another word, where the operation is not locked by now. */
  const askAgain = (
    asked: Pending,
    reason: ConfirmationRefusal,
    nowMs: number,
    forgiven = asked.forgiven,
  ): ConfirmationVerdict => {
    if (failures.lockedMs(asked.operationKey, nowMs) > 0) return denied("too-many-failures")
    return { type: "ask-again", reason, confirmation: ask(asked, nowMs, forgiven, reason) }
  }

  const fail = (asked: Pending, reason: ConfirmationRefusal, nowMs: number): ConfirmationVerdict => {
    failures.count(asked.operationKey, nowMs)
    return askAgain(asked, reason, nowMs)
  }

  /** The first time it is no failure: people answer early, and a room has an echo. */
  const forgive = (asked: Pending, reason: ConfirmationRefusal, nowMs: number): ConfirmationVerdict =>
    asked.forgiven.includes(reason)
      ? fail(asked, reason, nowMs)
      : askAgain(asked, reason, nowMs, [...asked.forgiven, reason])

  const judgeReading = (asked: Pending, reading: AnswerReading, nowMs: number): ConfirmationVerdict => {
    if (reading !== "granted") return fail(asked, reading === "unclear" ? "unclear" : "wrong-word", nowMs)
    failures.forget(asked.operationKey)
    return { type: "granted", hash: asked.hash }
  }

  return {
    open: (request, nowMs) => {
      if (isPending(nowMs) || failures.lockedMs(request.operationKey, nowMs) > 0) return undefined
      return ask(request, nowMs, [])
    },

    judge: (answer, nowMs) => {
      const asked = pending
      if (asked === undefined || asked.consentId !== answer.consentId) return denied("not-pending")
      // Used up before it is looked at: no answer is judged twice, whatever happens below.
      pending = undefined
      if (isOver(asked, nowMs)) return denied("too-late")
      if (channelOf(asked) !== answer.type) return denied("wrong-channel")
      const reading = readAnswer(textOf(answer), {
        word: asked.word,
        otherWords: dealer.wordsBut(asked.word),
        confidence: answer.type === "typed" ? 1 : answer.confidence,
      })
      if (reading === "deny") return denied("deny-word")
      if (reading === "silence") return denied("silence")
      if (answer.type === "typed") return judgeReading(asked, reading, nowMs)
      const timing = timingOf(answer, answerWithinMs)
      if (timing === "too-late") return denied("too-late")
      if (timing === "too-early") return forgive(asked, "too-early", nowMs)
      // Anything but a plain "no" is doubt.
      if (answer.echoSuspect !== false) return forgive(asked, "own-voice", nowMs)
      return judgeReading(asked, reading, nowMs)
    },

    close: (consentId) => {
      if (pending?.consentId === consentId) pending = undefined
    },

    isPending,
    lockedMs: (operationKey, nowMs) => failures.lockedMs(operationKey, nowMs),
    lockMs,
    seed: (verdicts, nowMs) => failures.seed(verdicts, nowMs),
  }
}

const denied = (reason: ConfirmationRefusal): ConfirmationVerdict => ({ type: "denied", reason })

/** Who asks at a terminal answers there; everything else is answered aloud. */
const channelOf = ({ origin }: ConfirmationRequest): ConsentAnswer["type"] =>
  origin === "command-line" ? "typed" : "spoken"

const textOf = (answer: ConsentAnswer): string => (answer.type === "typed" ? answer.text : answer.transcript)

/** Written so that a time that makes no sense is over too. */
const isOver = ({ openedAtMs, deadlineMs }: Pending, nowMs: number): boolean =>
  !(nowMs >= openedAtMs && nowMs <= deadlineMs)
