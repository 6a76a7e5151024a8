import { readFile } from "node:fs/promises"
import { SAMPLE_RATE_HZ, toFloat32 } from "../audio/format.ts"
import type { Engine, TranscribeInput, TranscribeOutput } from "../ports/engine.ts"
import { EngineError } from "./engine-error.ts"
import { checkedSamples } from "./engine-input.ts"
import { type Decoded, decodeGreedily } from "./moonshine-decoder.ts"
import { parseTokenizer } from "./moonshine-tokenizer.ts"
import {
  batchProfile,
  expectInputs,
  type InferenceSession,
  openSession,
  requiredFile,
  Tensor,
  tensorOf,
} from "./onnx.ts"
import { segmentSpeech } from "./segment-speech.ts"

/** Shorter clips make the encoder fail. */
const SHORTEST_SAMPLES = 1600
/** Nobody speaks faster; more is a hallucination. From Moonshine's own runtime. */
const TOKENS_PER_SECOND = 6.5
/** So that a half-second "what time is it" still fits. */
const FEWEST_TOKENS = 8

/**
 * Moonshine tiny (English), merged decoder, greedy. Audio of more than 30 s is cut at its quietest points and
 * transcribed piece by piece. Text comes even where there was no speech, so gate by voice activity before.
 *
 * Files: `encoder_model.ort`, `decoder_model_merged.ort`, `tokenizer.bin`.
 */
export const engine: Engine<TranscribeInput, never, TranscribeOutput> = {
  async load(options) {
    const encoderFile = requiredFile(options, "encoder_model.ort")
    const decoderFile = requiredFile(options, "decoder_model_merged.ort")
    const tokenizer = parseTokenizer(await readFile(requiredFile(options, "tokenizer.bin")))
    const profile = batchProfile(options)
    const encoder = await openSession(encoderFile, profile)
    const decoder = await openSession(decoderFile, profile)
    expectInputs(encoder, encoderFile, ["input_values", "attention_mask"])
    expectInputs(decoder, decoderFile, ["input_ids", "encoder_attention_mask", "use_cache_branch"])
    await transcribeSegment(encoder, decoder, new Int16Array(SAMPLE_RATE_HZ), new AbortController().signal)

    return {
      async infer(input, _emit, signal) {
        const samples = checkedSamples(input.samples)
        if (samples.length < SHORTEST_SAMPLES) {
          throw new EngineError(
            "bad-input",
            `Moonshine needs at least 0.1 s of audio (${SHORTEST_SAMPLES} samples at 16 kHz), not ${samples.length} samples`,
          )
        }
        const texts: string[] = []
        const logProbabilities: number[] = []
        for (const segment of segmentSpeech(samples)) {
          const decoded = await transcribeSegment(encoder, decoder, segment, signal)
          if (signal.aborted) throw new EngineError("cancelled", "The transcription was cancelled")
          texts.push(tokenizer.decode(decoded.ids))
          logProbabilities.push(...decoded.logProbabilities)
        }
        return {
          text: texts.filter((text) => text.length > 0).join(" "),
          confidence: geometricMean(logProbabilities),
        }
      },
      async dispose() {
        await Promise.all([encoder.release(), decoder.release()])
      },
      notice: profile.notice,
      placement: profile.placement,
    }
  },
}

async function transcribeSegment(
  encoder: InferenceSession,
  decoder: InferenceSession,
  samples: Int16Array,
  signal: AbortSignal,
): Promise<Decoded> {
  const shape = [1, samples.length]
  const audioMask = new Tensor("int64", new BigInt64Array(samples.length).fill(1n), shape)
  const encoded = await encoder.run({
    input_values: new Tensor("float32", toFloat32(samples), shape),
    attention_mask: audioMask,
  })
  const hiddenStates = tensorOf(encoded, "last_hidden_state")
  const maxTokens = FEWEST_TOKENS + Math.ceil((samples.length / SAMPLE_RATE_HZ) * TOKENS_PER_SECOND)
  return decodeGreedily(decoder, { hiddenStates, audioMask }, maxTokens, signal)
}

function geometricMean(logProbabilities: readonly number[]): number {
  if (logProbabilities.length === 0) return 0
  return Math.exp(logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length)
}
