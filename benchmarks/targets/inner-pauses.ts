import { samplesToMs } from "../../src/audio/format.ts"
import type { Recorded } from "../corpus/corpus.ts"
import { pausedSentences } from "../corpus/paused-sentences.ts"
import { type PauseVerdict, pauseVerdict } from "../pause-verdict.ts"
import { type Findings, measured } from "../result.ts"
import { type Spoken, withRig } from "../rig.ts"
import { shareInterval95 } from "../statistics.ts"
import { type TargetOptions, tooFew, withoutAnswers } from "../target.ts"

const NEEDED = 100
const LIMIT_PERCENT = 2
/** What was handed over just before the speech went on. */
const RESUMED_MS = 100

/**
 * Sentences with a pause in their middle, on the simulated clock. That Jett began to answer in the pause and took it back
 * when the speech went on (a reopened turn) is not cut short, but is counted.
 */
export const measureInnerPauses = async (options: TargetOptions, count: number): Promise<Findings> => {
  const { corpus, progress, signal } = options
  const recorded = await corpus.recordings("sentences with a pause", pausedSentences.slice(0, count), signal)
  // What a language model would answer has no part in when a turn ends, and takes its time.
  const config = withoutAnswers(options.config)
  return withRig({ config, pace: "clock" }, signal, async (rig) => {
    const verdicts: {
      readonly verdict: PauseVerdict
      readonly spokeInPause: boolean
      readonly id: string
    }[] = []
    for (const [index, one] of recorded.entries()) {
      signal.throwIfAborted()
      progress.step("voice: inner pauses:", index, recorded.length)
      const spoken = await rig.speak(one.recording, { cutReplyAfterMs: 0 })
      verdicts.push({
        id: one.utterance.id,
        verdict: pauseVerdict(one.recording.label, spoken),
        spokeInPause: spokeInPause(one, spoken),
      })
    }
    progress.step("voice: inner pauses:", recorded.length, recorded.length)
    const woken = verdicts.filter(({ verdict }) => verdict !== "not woken")
    const cut = woken.filter(({ verdict }) => verdict === "cut short")
    const interval = shareInterval95(cut.length, woken.length)
    return {
      measurements: [measured("inner pauses: length of the pause", "ms", recorded.map(pauseMs))],
      bars: [
        {
          what: "inner pauses of 300–550 ms cut short",
          found: (100 * cut.length) / woken.length,
          limit: LIMIT_PERCENT,
          sense: "at most",
          unit: "%",
          indicative: tooFew(woken.length, NEEDED),
        },
      ],
      notes: [
        `inner pauses: ${cut.length} of ${woken.length} cut short (95 % interval ${percent(interval.low)}–${percent(interval.high)} %); ${verdicts.length - woken.length} not woken by and not counted; of the others Jett was audible in the pause of ${woken.filter((one) => one.verdict === "whole" && one.spokeInPause).length} and took it back`,
        ...(cut.length > 0 ? [`cut short: ${cut.map(({ id }) => id).join(", ")}`] : []),
      ],
    }
  })
}

const percent = (share: number): string => (100 * share).toFixed(1)

const pauseMs = ({ recording: { label } }: Recorded): number => {
  const [pause] = label.pauses
  return pause === undefined ? 0 : samplesToMs(pause.toSample - pause.fromSample)
}

const spokeInPause = ({ recording: { label } }: Recorded, { startMs, audibleMs }: Spoken): boolean =>
  label.pauses.some(({ fromSample, toSample }) =>
    audibleMs.some(
      (at) => at > startMs + samplesToMs(fromSample) && at < startMs + samplesToMs(toSample) + RESUMED_MS,
    ),
  )
