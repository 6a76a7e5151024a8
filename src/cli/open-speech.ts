import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { msToSamples, SAMPLE_RATE_HZ } from "../audio/format.ts"
import { joinSamples } from "../audio/join-samples.ts"
import { resampleClip } from "../audio/resampler.ts"
import type { Config } from "../config/definition.ts"
import type { SpeechPcm } from "../ports/audio.ts"
import type { Transcript } from "../ports/speech.ts"
import { normaliseForSpeech } from "../text/normalise.ts"

/** The configured voice and the configured recogniser, without microphone and speaker. */
export interface Speech {
  /** `text` is as it is written. Rejects with ModelFailure. */
  speak(text: string): Promise<SpeechPcm>
  transcribe(pcm: SpeechPcm): Promise<Transcript>
  close(): Promise<void>
}

export type OpenSpeech = (config: Config, signal: AbortSignal) => Promise<Speech>

/** Silence around a clip, as there is around an utterance. */
const PADDING_MS = 250

/** The models in processes of their own, from the composition root, which is loaded when it is first needed. */
export const openSpeech: OpenSpeech = async (config, signal) => {
  const { openModels } = await import("../main.ts")
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect, { signal })
  try {
    const models = await run(Scope.provide(openModels(config, availableParallelism()), scope))
    await run(Effect.all([models.preload.tts, models.preload.stt]))
    const silence = new Int16Array(msToSamples(PADDING_MS))
    return {
      speak: (text) => run(models.tts.synthesize(normaliseForSpeech(text))),
      transcribe: async (pcm) => {
        const { samples } = await run(resampleClip(pcm, SAMPLE_RATE_HZ))
        return run(models.stt.transcribe(joinSamples([silence, samples, silence])))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
