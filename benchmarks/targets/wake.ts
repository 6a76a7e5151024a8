import { msToSamples, SAMPLE_RATE_HZ, samplesToMs } from "../../src/audio/format.ts"
import { commands, nearMisses } from "../corpus/commands.ts"
import type { Recorded } from "../corpus/corpus.ts"
import { noises, pinkNoise, rms, withNoise } from "../corpus/noise.ts"
import { OTHER_RECORDINGS, otherSpeech } from "../corpus/other-speech.ts"
import { Ear, type Heard } from "../ear.ts"
import { type Bar, type Findings, type Measurement, measured } from "../result.ts"
import { withRig } from "../rig.ts"
import { percentile, poissonInterval95, shareInterval95 } from "../statistics.ts"
import { amount, type Target, type TargetOptions, tooFew, withoutAnswers } from "../target.ts"

const CONDITIONS = [
  { name: "clean", snrDb: undefined, barPercent: 95 },
  { name: "20 dB SNR", snrDb: 20, barPercent: 90 },
  { name: "10 dB SNR", snrDb: 10, barPercent: undefined },
] as const

const PHRASES_NEEDED = 240
const HOURS_NEEDED = 1
const NEAR_MISSES_NEEDED = 60

/** The wake word: found when said, by other voices and in noise; not found in other speech, in noise, in other names. */
export const wake: Target = async (options) => {
  const ear = await Ear.open(options.config)
  const parts = [
    await measureHits(options, ear),
    await measureOtherSpeech(options, ear),
    await measureNoises(options, ear),
  ]
  await ear.close()
  parts.push(await measureNearMisses(options))
  return {
    measurements: parts.flatMap(({ measurements }) => measurements),
    bars: parts.flatMap(({ bars }) => bars),
    notes: parts.flatMap(({ notes }) => notes),
  }
}

const measureHits = async (options: TargetOptions, ear: Ear): Promise<Findings> => {
  const { corpus, progress, quick, signal } = options
  const recorded = await corpus.recordings("commands", commands.slice(0, amount(options, 12, 240)), signal)
  const measurements: Measurement[] = []
  const bars: Bar[] = []
  const notes: string[] = []
  for (const { name, snrDb, barPercent } of quick ? CONDITIONS.slice(0, 2) : CONDITIONS) {
    const peaks: number[] = []
    const missed: string[] = []
    for (const [index, one] of recorded.entries()) {
      signal.throwIfAborted()
      progress.step(`wake: ${name}:`, index, recorded.length)
      const { wakes, peak } = await hearIn(ear, one, snrDb, index)
      peaks.push(peak)
      if (wakes.length === 0) missed.push(one.utterance.id)
    }
    progress.step(`wake: ${name}:`, recorded.length, recorded.length)
    const found = recorded.length - missed.length
    const { low, high } = shareInterval95(found, recorded.length)
    measurements.push(measured(`highest score, ${name}`, "", peaks))
    notes.push(
      `${name}: ${found} of ${recorded.length} found (95 % interval ${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)} %); lowest scores ${lowest(peaks)}; missed: ${missed.join(", ") || "none"}`,
    )
    if (barPercent === undefined) continue
    bars.push({
      what: `wake words found, ${name}`,
      found: (100 * found) / recorded.length,
      limit: barPercent,
      sense: "at least",
      unit: "%",
      indicative: tooFew(recorded.length, PHRASES_NEEDED),
    })
  }
  return { measurements, bars, notes }
}

/** The noise goes on before and after the words, as it does in a room. */
const hearIn = (
  ear: Ear,
  { recording: { samples, label } }: Recorded,
  snrDb: number | undefined,
  seed: number,
): Promise<Heard> => {
  if (snrDb === undefined) return ear.hear(samples)
  const speech = { from: label.firstVoicedSample, to: label.lastVoicedSample }
  const gain = rms(samples, speech.from, speech.to) / 10 ** (snrDb / 20)
  const gap = Int16Array.from(pinkNoise(msToSamples(2200), seed + 1), (value) => Math.round(gain * value))
  return ear.hear(withNoise(samples, { ...speech, snrDb, seed }), gap)
}

const lowest = (peaks: readonly number[]): string =>
  [0.01, 0.02, 0.05].map((share) => `p${100 * share} ${percentile(peaks, share).toFixed(2)}`).join(", ")

const measureOtherSpeech = async (options: TargetOptions, ear: Ear): Promise<Findings> => {
  const { corpus, progress, quick, signal } = options
  const utterances = otherSpeech(quick ? 6 : OTHER_RECORDINGS)
  const recorded = await corpus.recordings("other speech", utterances, signal)
  const peaks: number[] = []
  const falseWakes: string[] = []
  let samples = 0
  for (const [index, { utterance, recording }] of recorded.entries()) {
    signal.throwIfAborted()
    progress.step("wake: other speech:", index, recorded.length)
    const { wakes, peak } = await ear.hear(recording.samples)
    samples += recording.samples.length
    peaks.push(peak)
    for (const { score } of wakes) falseWakes.push(`${utterance.id} (${score.toFixed(2)})`)
  }
  progress.step("wake: other speech:", recorded.length, recorded.length)
  const hours = samplesToMs(samples) / 3_600_000
  const { low, high } = poissonInterval95(falseWakes.length)
  return {
    measurements: [measured("highest score in 10 s of other speech", "", peaks)],
    bars: [
      {
        what: `false wakes in ${(60 * hours).toFixed(0)} min of other speech`,
        found: falseWakes.length,
        limit: 0,
        sense: "at most",
        unit: "",
        indicative: hours < HOURS_NEEDED,
      },
    ],
    notes: [
      `other speech: ${(60 * hours).toFixed(1)} min of one Piper voice with varied scales, gaps not counted; ${falseWakes.length} false wakes, so ${(low / hours).toFixed(2)}–${(high / hours).toFixed(2)} an hour (95 % interval)${falseWakes.length > 0 ? `: ${falseWakes.join(", ")}` : ""}`,
    ],
  }
}

const measureNoises = async ({ progress, quick, signal }: TargetOptions, ear: Ear): Promise<Findings> => {
  const sounds = [...noises(quick ? 10 : 100, 7)]
  const found: string[] = []
  let seconds = 0
  for (const [index, [name, samples]] of sounds.entries()) {
    signal.throwIfAborted()
    progress.step("wake: noises:", index, sounds.length)
    const { wakes, peak } = await ear.hear(samples)
    seconds += samples.length / SAMPLE_RATE_HZ
    found.push(`${name} ${wakes.length} (highest score ${peak.toFixed(2)})`)
  }
  progress.step("wake: noises:", sounds.length, sounds.length)
  return {
    measurements: [],
    bars: [],
    notes: [`false wakes in ${(seconds / 60).toFixed(1)} min of generated noises: ${found.join(", ")}`],
  }
}

/** Other names through the whole assistant: what counts is whether it answers, after its second look. */
const measureNearMisses = async (options: TargetOptions): Promise<Findings> => {
  const { corpus, progress, signal } = options
  const recorded = await corpus.recordings("other names", nearMisses.slice(0, amount(options, 4, 64)), signal)
  const config = withoutAnswers(options.config)
  return withRig({ config, pace: "clock" }, signal, async (rig) => {
    const woken: string[] = []
    const answered: string[] = []
    for (const [index, { utterance, recording }] of recorded.entries()) {
      signal.throwIfAborted()
      progress.step("wake: other names:", index, recorded.length)
      const { turns, audibleMs } = await rig.speak(recording, { cutReplyAfterMs: 0 })
      const turn = turns.find((one) => one.wake !== undefined)
      if (turn === undefined) continue
      woken.push(utterance.id)
      if (audibleMs.length > 0) answered.push(`${utterance.id} ("${turn.transcript}")`)
    }
    progress.step("wake: other names:", recorded.length, recorded.length)
    return {
      measurements: [],
      bars: [
        {
          what: `other names ("Hey Travis") answered`,
          found: (100 * answered.length) / recorded.length,
          limit: 10,
          sense: "at most",
          unit: "%",
          indicative: tooFew(recorded.length, NEAR_MISSES_NEEDED),
        },
      ],
      notes: [
        `other names: ${woken.length} of ${recorded.length} woke the bare engine, ${answered.length} were answered after the second look at the transcript${answered.length > 0 ? `: ${answered.join(", ")}` : ""}`,
      ],
    }
  })
}
