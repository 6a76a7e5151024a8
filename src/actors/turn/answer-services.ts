import type { Effect } from "effect/Effect"
import type { Part, TurnEvent, TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { SpeechToText, TextToSpeech } from "../../ports/speech.ts"
import type { Tools } from "../../ports/tools.ts"
import type { SpokenContainer } from "../../text/container-names.ts"
import type { PhraseFacts } from "../../text/phrase-replies.ts"
import type { PendingWork } from "../voice/pending-work.ts"
import type { SpeechOutput } from "../voice/speech-output.ts"
import type { Timebase } from "../voice/timebase.ts"
import type { ConversationHistory } from "./conversation-history.ts"
import type { TurnLedger } from "./turn-ledger.ts"

/** The sound of a turn, by position on the audio clock. */
export interface HeardSound {
  /** Int16Array, mono, 16 kHz. */
  sound(fromMs: number, toMs: number): Int16Array
  voicedMs(fromMs: number, toMs: number): number
}

/** A turn that was typed: a question to answer, or words to say as they are. */
export interface TypedTurn {
  readonly mode: "ask" | "say"
  readonly text: string
  /** A tone comes before what is said. */
  readonly rings?: boolean | undefined
  readonly onText: (piece: string) => void
}

/** What the fixed phrases need to know and may change; changes are made only for a committed turn. */
export interface PhraseEffects {
  facts(lastReply: string | undefined): PhraseFacts
  /** One step louder (1) or softer (-1). */
  changeVolume(step: 1 | -1): void
}

/** Everything that answering one turn needs. */
export interface AnswerServices {
  readonly hearing: HeardSound
  readonly stt: SpeechToText
  readonly tts: TextToSpeech
  /** Which model answers now; decided once and remembered by whoever gives it. */
  readonly languageModel: Effect<LanguageModelChoice>
  readonly systemPrompt: string
  readonly maxReplyTokens: number
  readonly tools: Tools
  /** By the names that are said aloud. */
  readonly containers: readonly SpokenContainer[]
  /** A question that is not asked after all. */
  readonly withdrawConsent: (consentId: string) => Effect<void>
  readonly output: SpeechOutput
  readonly outputRateHz: number
  readonly ledger: TurnLedger
  readonly history: ConversationHistory
  readonly timebase: Timebase
  readonly pending: PendingWork
  readonly typed: (turnId: string) => TypedTurn | undefined
  /** Completes once the machine has committed this revision; never for one that is superseded. */
  readonly committed: (key: TurnKey) => Effect<void>
  readonly phrases: PhraseEffects
  readonly onPart: (part: Part, up: boolean) => void
}

/** Tells the conversation something about the turn. */
export type Tell = (event: TurnEvent) => Effect<void>
