import { toInt16 } from "../audio/format.ts"
import type { Engine, SynthesizeInput, SynthesizeOutput } from "../ports/engine.ts"
import { EngineError } from "./engine-error.ts"
import { checkedSpeed, checkedText } from "./engine-input.ts"
import { joinSpeech } from "./join-speech.ts"
import { kokoroBatches } from "./kokoro-ids.ts"
import { kokoroVoices } from "./kokoro-voice.ts"
import { batchProfile, expectInputs, floatsOf, openSession, requiredFileMatching, Tensor } from "./onnx.ts"
import { trimSilence } from "./trim-silence.ts"
import { warmEspeak } from "./warm-espeak.ts"

const RATE_HZ = 24_000
const PAD = 0n
/** Between two runs of a text too long for one. */
const BATCH_GAP_MS = 200
const FAVOURITE_VOICE = "af_heart"
const WARM_UP_RUN = "Yes."

/**
 * Kokoro-82M, ONNX export with the inputs `tokens`, `style`, `speed`. Deterministic for given files and thread count.
 *
 * Files: one `.onnx`, any number of `<voice>.bin`. Parameter `voice`: the voice of requests that name none.
 */
export const engine: Engine<SynthesizeInput, never, SynthesizeOutput> = {
  prepared: warmEspeak,

  async load(options) {
    const modelFile = requiredFileMatching(options, ".onnx")
    const voices = kokoroVoices(options.files)
    const configured = options.parameters?.["voice"]
    const favourite = voices.names.includes(FAVOURITE_VOICE) ? FAVOURITE_VOICE : voices.names[0]
    const defaultVoice = typeof configured === "string" ? configured : (favourite ?? FAVOURITE_VOICE)
    await voices.voice(defaultVoice)
    const profile = batchProfile(options)
    const session = await openSession(modelFile, profile)
    expectInputs(session, modelFile, ["tokens", "style", "speed"])
    const phonemizer = await warmEspeak

    async function synthesize(input: SynthesizeInput, signal: AbortSignal): Promise<SynthesizeOutput> {
      const speed = new Tensor("float32", Float32Array.of(checkedSpeed(input.speed)), [1])
      const voice = await voices.voice(input.voice ?? defaultVoice)
      const clauses = await phonemizer.phonemize(checkedText(input.text), voice.language)
      const pieces: Int16Array[] = []
      for (const ids of kokoroBatches(clauses, voice.language).batches) {
        if (signal.aborted) throw new EngineError("cancelled", "The synthesis was cancelled")
        const tokens = BigInt64Array.of(PAD, ...ids.map(BigInt), PAD)
        const outputs = await session.run({
          tokens: new Tensor("int64", tokens, [1, tokens.length]),
          style: new Tensor("float32", voice.style(ids.length), [1, 256]),
          speed,
        })
        pieces.push(trimSilence(toInt16(floatsOf(outputs, "audio")), RATE_HZ))
      }
      return { samples: joinSpeech(pieces, RATE_HZ, BATCH_GAP_MS), rateHz: RATE_HZ }
    }

    await synthesize({ text: WARM_UP_RUN }, new AbortController().signal)
    return {
      infer: (input, _emit, signal) => synthesize(input, signal),
      dispose: () => session.release(),
      notice: profile.notice,
      placement: profile.placement,
    }
  },
}
