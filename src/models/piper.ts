import { readFile } from "node:fs/promises"
import { toInt16 } from "../audio/format.ts"
import type { Engine, SynthesizeInput, SynthesizeOutput } from "../ports/engine.ts"
import { EngineError } from "./engine-error.ts"
import { checkedSpeed, checkedText } from "./engine-input.ts"
import { joinSpeech } from "./join-speech.ts"
import { batchProfile, expectInputs, floatsOf, openSession, requiredFileMatching, Tensor } from "./onnx.ts"
import { parsePiperConfig } from "./piper-config.ts"
import { piperSentences } from "./piper-ids.ts"
import { trimSilence } from "./trim-silence.ts"
import { warmEspeak } from "./warm-espeak.ts"

/** Between two sentences of one request. */
const SENTENCE_GAP_MS = 220
const WARM_UP_RUN = "One moment."

/**
 * A Piper voice (VITS). The model draws its own noise and ONNX Runtime's seed is out of reach from Node, so two runs of
 * one sentence differ slightly; `parameters: { noiseScale: 0, noiseWidth: 0 }` makes the output repeatable, and flatter.
 *
 * Files: `<voice>.onnx`, `<voice>.onnx.json`.
 */
export const engine: Engine<SynthesizeInput, never, SynthesizeOutput> = {
  prepared: warmEspeak,

  async load(options) {
    const modelFile = requiredFileMatching(options, ".onnx")
    const configFile = requiredFileMatching(options, ".onnx.json")
    const config = parsePiperConfig(await readFile(configFile, "utf8"), configFile)
    const profile = batchProfile(options)
    const session = await openSession(modelFile, profile)
    expectInputs(session, modelFile, ["input", "input_lengths", "scales"])
    const phonemizer = await warmEspeak
    const noiseScale = numberOr(options.parameters?.["noiseScale"], config.noiseScale)
    const noiseWidth = numberOr(options.parameters?.["noiseWidth"], config.noiseWidth)

    async function synthesize(input: SynthesizeInput, signal: AbortSignal): Promise<SynthesizeOutput> {
      const lengthScale = config.lengthScale / checkedSpeed(input.speed)
      const clauses = await phonemizer.phonemize(checkedText(input.text), config.language)
      const pieces: Int16Array[] = []
      for (const ids of piperSentences(clauses, config.phonemeIds).sentences) {
        if (signal.aborted) throw new EngineError("cancelled", "The synthesis was cancelled")
        const outputs = await session.run({
          input: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
          input_lengths: new Tensor("int64", BigInt64Array.of(BigInt(ids.length)), [1]),
          scales: new Tensor("float32", Float32Array.of(noiseScale, lengthScale, noiseWidth), [3]),
        })
        pieces.push(trimSilence(toInt16(floatsOf(outputs, "output")), config.rateHz))
      }
      return { samples: joinSpeech(pieces, config.rateHz, SENTENCE_GAP_MS), rateHz: config.rateHz }
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

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback
}
