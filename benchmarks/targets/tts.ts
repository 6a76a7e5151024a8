import * as Effect from "effect/Effect"
import { samplesToMs } from "../../src/audio/format.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { Config } from "../../src/config/definition.ts"
import type { TextToSpeech } from "../../src/ports/speech.ts"
import { ClauseSplitter } from "../../src/text/clause-splitter.ts"
import { longReplies, shortReplies } from "../corpus/sentences.ts"
import { withModels } from "../models.ts"
import { type Findings, type Measurement, measured } from "../result.ts"
import { amount, type Target } from "../target.ts"

/** Text to speech in its own process, both engines: how long a reply takes, and how soon its first clause is there. */
export const tts: Target = async (options) => {
  const { config, progress, signal } = options
  const kokoro = { ...config, tts: { ...config.tts, engine: "kokoro" as const, voice: undefined } }
  const piper = { ...config, tts: { ...config.tts, engine: "piper" as const, voice: undefined } }
  const findings: Findings[] = []
  for (const [name, settings] of [
    ["Piper", piper],
    ["Kokoro", kokoro],
  ] as const) {
    progress.note(`tts: ${name}`)
    findings.push(await measureVoice(name, settings, amount(options, 3, 20), signal))
  }
  return {
    measurements: findings.flatMap(({ measurements }) => measurements),
    bars: [],
    notes: [
      "each text is new to the engine, so none of its phonemes come from the cache",
      "RTF: time of synthesis ÷ length of what was synthesised",
    ],
  }
}

const measureVoice = (name: string, config: Config, count: number, signal: AbortSignal): Promise<Findings> =>
  withModels(config, signal, async ({ tts: model, preload }) => {
    const loadFromMs = monotonicClock.now()
    await Effect.runPromise(preload.tts)
    const loadMs = monotonicClock.now() - loadFromMs
    await timesOf(model, ["This is only a test.", "So is this one."], signal)
    const first = await timesOf(model, longReplies.slice(0, count).map(firstClause), signal)
    const short = await timesOf(model, shortReplies.slice(0, count), signal)
    const long = await timesOf(model, longReplies.slice(0, count).map(withoutFirstClause), signal)
    const all = [...first, ...short, ...long]
    return {
      measurements: [
        measured(`${name}: load, process start included`, "ms", [loadMs]),
        timing(`${name}: first clause of a long reply`, first),
        timing(`${name}: short reply`, short),
        timing(`${name}: rest of a long reply`, long),
        measured(
          `${name}: RTF`,
          "×",
          all.map(({ ms, audioMs }) => ms / audioMs),
        ),
      ],
      bars: [],
      notes: [],
    }
  })

interface Timed {
  readonly ms: number
  readonly audioMs: number
}

const timesOf = async (
  model: TextToSpeech,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly Timed[]> => {
  const times: Timed[] = []
  for (const text of texts) {
    signal.throwIfAborted()
    const fromMs = monotonicClock.now()
    const { samples, rateHz } = await Effect.runPromise(model.synthesize(text))
    times.push({ ms: monotonicClock.now() - fromMs, audioMs: samplesToMs(samples.length, rateHz) })
  }
  return times
}

const timing = (what: string, times: readonly Timed[]): Measurement =>
  measured(
    `${what} (${(mean(times.map(({ audioMs }) => audioMs)) / 1000).toFixed(1)} s of sound)`,
    "ms",
    times.map(({ ms }) => ms),
  )

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const clausesOf = (text: string): readonly string[] => {
  const splitter = new ClauseSplitter()
  return [...splitter.push(text), ...splitter.flush()]
}

const firstClause = (text: string): string => clausesOf(text)[0] ?? text

/** What is synthesised next: the first clause's phonemes are already known by now. */
const withoutFirstClause = (text: string): string => clausesOf(text).slice(1).join(" ") || text
