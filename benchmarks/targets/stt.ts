import * as Effect from "effect/Effect"
import { SAMPLE_RATE_HZ } from "../../src/audio/format.ts"
import { joinSamples } from "../../src/audio/join-samples.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { SpeechToText } from "../../src/ports/speech.ts"
import { stripWakePhrase } from "../../src/text/wake-phrase.ts"
import { type Command, commands } from "../corpus/commands.ts"
import { type Recorded, wordsOf } from "../corpus/corpus.ts"
import { withNoise } from "../corpus/noise.ts"
import { withModels } from "../models.ts"
import { type Measurement, measured } from "../result.ts"
import { amount, type Target } from "../target.ts"
import { wordErrors, wordsForScoring } from "../words.ts"

const LENGTHS_SECONDS = [1, 2, 3, 5, 10, 20, 29] as const
const WARM_UPS = 3
const SNR_DB = 20

/** Speech to text in its own process: time by length of the clip, and words wrong on the corpus. */
export const stt: Target = async (options) => {
  const { config, corpus, progress, quick, signal } = options
  const recorded = await corpus.recordings(
    "commands",
    commands.slice(0, quick ? 12 : commands.length),
    signal,
  )
  const repeats = amount(options, 3, 20)
  return withModels(config, signal, async ({ stt: model, preload }) => {
    await Effect.runPromise(preload.stt)
    const lengths = quick ? LENGTHS_SECONDS.slice(0, 5) : LENGTHS_SECONDS
    const rows: Measurement[] = []
    for (const [index, seconds] of lengths.entries()) {
      progress.step("stt: clip lengths:", index, lengths.length)
      rows.push(...(await timeOf(model, recorded, seconds, repeats, signal)))
    }
    progress.step("stt: clip lengths:", lengths.length, lengths.length)
    const clean = await errorsOf(model, recorded, (one) => one.recording.samples, signal)
    const noisy = await errorsOf(model, recorded, noisySamples, signal)
    return {
      measurements: rows,
      bars: [],
      notes: [
        `words wrong, after the wake phrase is taken off: ${describe(clean)} clean, ${describe(noisy)} with pink noise at ${SNR_DB} dB; ${recorded.length} recordings in ${new Set(recorded.map(({ utterance }) => utterance.voice)).size} generated voices, which are easier than people`,
      ],
    }
  })
}

/** Different speech at each repetition, cut from the corpus one after the other. */
const timeOf = async (
  model: SpeechToText,
  recorded: readonly Recorded[],
  seconds: number,
  repeats: number,
  signal: AbortSignal,
): Promise<readonly Measurement[]> => {
  const inference: number[] = []
  const roundTrip: number[] = []
  for (let i = 0; i < WARM_UPS + repeats; i++) {
    signal.throwIfAborted()
    const clip = clipOf(recorded, seconds, i)
    const fromMs = monotonicClock.now()
    const { inferenceMs } = await Effect.runPromise(model.transcribe(clip))
    if (i < WARM_UPS) continue
    roundTrip.push(monotonicClock.now() - fromMs)
    inference.push(inferenceMs)
  }
  return [
    measured(`${seconds} s of speech: inference`, "ms", inference),
    measured(`${seconds} s of speech: with the way to the process and back`, "ms", roundTrip),
  ]
}

const clipOf = (recorded: readonly Recorded[], seconds: number, from: number): Int16Array => {
  const wanted = seconds * SAMPLE_RATE_HZ
  const parts: Int16Array[] = []
  for (let i = from, length = 0; length < wanted; i++) {
    const samples = recorded[i % recorded.length]?.recording.samples ?? new Int16Array(SAMPLE_RATE_HZ)
    parts.push(samples)
    length += samples.length
  }
  return joinSamples(parts).slice(0, wanted)
}

interface WordErrors {
  readonly wrong: number
  readonly words: number
}

const errorsOf = async (
  model: SpeechToText,
  recorded: readonly Recorded<Command>[],
  samplesOf: (one: Recorded, index: number) => Int16Array,
  signal: AbortSignal,
): Promise<WordErrors> => {
  let wrong = 0
  let words = 0
  for (const [index, one] of recorded.entries()) {
    signal.throwIfAborted()
    const { text } = await Effect.runPromise(model.transcribe(samplesOf(one, index)))
    const reference = wordsForScoring(stripWakePhrase(wordsOf(one.utterance)).text)
    wrong += wordErrors(reference, wordsForScoring(stripWakePhrase(text).text))
    words += reference.length
  }
  return { wrong, words }
}

const noisySamples = ({ recording: { samples, label } }: Recorded, index: number): Int16Array =>
  withNoise(samples, {
    from: label.firstVoicedSample,
    to: label.lastVoicedSample,
    snrDb: SNR_DB,
    seed: index,
  })

const describe = ({ wrong, words }: WordErrors): string =>
  `${((100 * wrong) / words).toFixed(1)} % (${wrong} of ${words})`
