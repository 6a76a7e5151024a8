/**
 * The vocabulary of the conversation machine. No event carries text or sound: a transcript arrives classified
 * (`Understood.verdict`), sound arrives as positions on the audio clock, and identities are made by whoever sends.
 */

/** One attempt at one turn. Speech that resumes makes a new revision of the same turn. */
export interface TurnKey {
  readonly turnId: string
  readonly revision: number
}

/** What a transcript amounts to; decided by an effect, never by the machine. */
export type Verdict =
  | "words"
  | "phrase"
  | "wake-only"
  /** No words: noise, a cough. */
  | "nothing"
  /** Words to somebody else: the wake word was another name. */
  | "not-for-us"

/** A part of the assistant that can be away while the rest goes on. */
export type Part = "stt" | "tts" | "llm" | "mic" | "speaker"

export type TurnOutcome =
  | "answered"
  | "silent"
  | "nothing-heard"
  | "no-speech"
  | "interrupted"
  | "cancelled"
  | "timed-out"
  | "failed"

/** What the end of a turn asks of the conversation, besides going back to listening. */
export type Aftermath = "none" | "mute"

/** Where the words of a turn come from. */
export type TurnSource = "voice" | "text" | "notice"

/** What Jett has to say by itself about a turn that did not work. */
export type Notice = "timed-out" | "failed"

/** A moment of the audio clock; `nowMs` is when it was noticed, which is later. Both in ms. */
interface Heard {
  readonly atMs: number
  readonly nowMs: number
}

export type HearingEvent =
  | ({
      readonly type: "wake.detected"
      readonly turnId: string
      readonly score: number
      readonly inSpeech: boolean
    } & Heard)
  | ({ readonly type: "speech.started"; readonly turnId: string } & Heard)
  | ({ readonly type: "speech.paused" } & Heard)
  /** Speech goes on after a pause; as a turn of its own where the pause ended one, or the speech before it was none. */
  | ({ readonly type: "speech.resumed"; readonly turnId: string } & Heard)

export type UserEvent =
  | { readonly type: "user.ptt"; readonly turnId: string; readonly inSpeech: boolean; readonly nowMs: number }
  | { readonly type: "user.text"; readonly turnId: string }
  | { readonly type: "user.mute" }
  | { readonly type: "user.unmute" }
  | { readonly type: "user.cancel" }

export type TurnEvent =
  | ({ readonly type: "turn.understood"; readonly verdict: Verdict; readonly nowMs: number } & TurnKey)
  | ({ readonly type: "turn.loading" } & TurnKey)
  /** A tool is called, which has deadlines of its own. */
  | ({ readonly type: "turn.acting" } & TurnKey)
  /** It changed something, or may have: from here on the turn is not understood anew. */
  | ({ readonly type: "turn.acted" } & TurnKey)
  | ({ readonly type: "turn.clause" } & TurnKey)
  | ({
      readonly type: "turn.consent"
      readonly consentId: string
      readonly expiresInMs: number
    } & TurnKey)
  | ({
      readonly type: "turn.written"
      readonly asksQuestion: boolean
      readonly aftermath: Aftermath
    } & TurnKey)
  | ({ readonly type: "turn.failed"; readonly reason: string } & TurnKey)

type SpeakerEvent =
  | ({ readonly type: "speaker.drained"; readonly nowMs: number } & TurnKey)
  | { readonly type: "speaker.stalled" }

export type HealthEvent =
  | { readonly type: "part.down"; readonly part: Part }
  | { readonly type: "part.up"; readonly part: Part }
  | { readonly type: "echo.changed"; readonly cancelled: boolean }

export type ConsentJudged =
  | { readonly type: "consent.judged"; readonly consentId: string }
  /** A noise, a cough, Jett's own voice: no answer, and the guard was not told of it. */
  | { readonly type: "consent.unheard"; readonly consentId: string; readonly nowMs: number }

export type ConversationEvent =
  | ConsentJudged
  | HearingEvent
  | UserEvent
  | TurnEvent
  | SpeakerEvent
  | HealthEvent

/** What the machine tells the effects to do. Each is answered, if at all, by an event. */
export type ConversationCommand =
  | { readonly type: "turn.opened"; readonly turnId: string; readonly source: TurnSource }
  | { readonly type: "models.wanted"; readonly turnId: string }
  | { readonly type: "acknowledge"; readonly turnId: string }
  | ({ readonly type: "turn.committed" } & TurnKey)
  | ({ readonly type: "speech.open" } & TurnKey)
  | ({ readonly type: "speech.drop" } & TurnKey)
  | ({ readonly type: "playback.pause" } & TurnKey)
  | ({ readonly type: "playback.resume" } & TurnKey)
  | ({ readonly type: "turn.closed"; readonly outcome: TurnOutcome } & TurnKey)
  /** A sound that interrupted nothing: what was understood of it is to be forgotten. */
  | ({ readonly type: "probe.dropped" } & TurnKey)
  | { readonly type: "consent.dropped"; readonly consentId: string }
  /** The question is over before it was spoken to its end: what is left of it is not to be heard. */
  | ({ readonly type: "question.cut"; readonly consentId: string } & TurnKey)

/** Input of the `answerTurn` actor: one revision of one turn, its sound named by position. */
export interface AnswerInput extends TurnKey {
  readonly source: TurnSource
  /** Start of the captured speech and of the silence after it, in ms of the audio clock. */
  readonly fromMs: number
  readonly toMs: number
  /** What a notice is about; only with source "notice". */
  readonly notice: Notice | undefined
}

/** Input of the `judgeConsent` actor. */
export interface ConsentInput extends TurnKey {
  readonly consentId: string
  readonly fromMs: number
  /** 0 where there was no answer until the end of its time. */
  readonly toMs: number
  /** End of the question; of one that still sounds, the latest moment that is known, since it ends after that. */
  readonly questionEndMs: number
}

export interface ConversationSettings {
  /** Silence that ends a turn, counted from its first silent sample. */
  readonly silenceMs: number
  /** The same where the text so far is a complete fixed phrase. */
  readonly phraseSilenceMs: number
  /** Speech within this long after the end reopens the turn. */
  readonly reopenMs: number
  readonly maxUtteranceMs: number
  /** From the wake word to the first word of the command. */
  readonly wakingMs: number
  readonly thinkingMs: number
  /** The same while a model loads cold. */
  readonly loadingMs: number
  readonly speakingMs: number
  /** Speech this long while Jett speaks is taken as words without waiting for its end. */
  readonly bargeInSpeechMs: number
  /** A false barge-in resumes after at most this long. */
  readonly resumeMs: number
  readonly followUp: "never" | "question" | "always"
  readonly followUpMs: number
  /** From the last audible sample to the follow-up window. */
  readonly followUpDelayMs: number
  /** Sound kept from before the first voiced frame, so that the first word is never clipped. */
  readonly preRollMs: number
}

export interface ConversationInput {
  readonly settings: ConversationSettings
  /** Whether what Jett says is removed from what it hears; if not, only the wake word interrupts it. */
  readonly echoCancelled: boolean
}

export const defaultConversationSettings: ConversationSettings = {
  silenceMs: 600,
  phraseSilenceMs: 250,
  reopenMs: 1000,
  maxUtteranceMs: 30_000,
  wakingMs: 6000,
  thinkingMs: 20_000,
  loadingMs: 60_000,
  speakingMs: 120_000,
  bargeInSpeechMs: 700,
  resumeMs: 1500,
  followUp: "question",
  followUpMs: 6000,
  followUpDelayMs: 300,
  preRollMs: 320,
}
