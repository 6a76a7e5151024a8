import type { Effect } from "effect/Effect"
import type { SpeechPcm } from "./audio.ts"
import type { WakeScore } from "./engine.ts"
import type { ModelFailure } from "./models.ts"

export interface Transcript {
  readonly text: string
  /** 0..1, the geometric mean of token probabilities. */
  readonly confidence: number
  readonly inferenceMs: number
}

export interface SpeechToText {
  /** Int16Array, mono, 16 kHz. Interrupting cancels the inference. */
  transcribe(samples: Int16Array): Effect<Transcript, ModelFailure>
}

export interface Synthesis extends SpeechPcm {
  readonly inferenceMs: number
}

export interface TextToSpeech {
  /** `text` is already normalised for speech. Interrupting cancels the inference. */
  synthesize(text: string): Effect<Synthesis, ModelFailure>
}

export interface ListenerResult {
  readonly voiceActivity: readonly number[]
  readonly wake: readonly WakeScore[]
}

export interface Listener {
  /** Must be called with consecutive frames; see `ListenerInput`. */
  listen(samples: Int16Array): Effect<ListenerResult, ModelFailure>
}
