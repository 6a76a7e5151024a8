import * as Effect from "effect/Effect"
import { stripWakePhrase } from "../../src/text/wake-phrase.ts"
import { firstWordCommands } from "../corpus/commands.ts"
import { wordsOf } from "../corpus/corpus.ts"
import type { Findings } from "../result.ts"
import { withRig } from "../rig.ts"
import { type TargetOptions, tooFew, withoutAnswers } from "../target.ts"
import { wordsForScoring } from "../words.ts"

const NEEDED = 40

/**
 * Commands without any pause after the wake word. The first word is *clipped* when the turn's transcript lacks it while
 * that of the whole recording has it; what the recogniser mishears in both is not the fault of listening too late.
 */
export const measureFirstWords = async (options: TargetOptions, count: number): Promise<Findings> => {
  const { corpus, progress, signal } = options
  const recorded = await corpus.recordings(
    "commands in one breath",
    firstWordCommands.slice(0, count),
    signal,
  )
  const config = withoutAnswers(options.config)
  return withRig({ config, pace: "clock" }, signal, async (rig) => {
    const clipped: string[] = []
    const remnants: string[] = []
    let misheard = 0
    let woken = 0
    for (const [index, { utterance, recording }] of recorded.entries()) {
      signal.throwIfAborted()
      progress.step("voice: first words:", index, recorded.length)
      const { turns } = await rig.speak(recording, { cutReplyAfterMs: 0 })
      const turn = turns.find(({ wake }) => wake !== undefined)
      if (turn === undefined) continue
      woken += 1
      const [expected = ""] = wordsAfterWakePhrase(wordsOf(utterance))
      const heard = wordsAfterWakePhrase(turn.transcript)
      if (heard[0] === expected) continue
      if (heard.includes(expected)) {
        remnants.push(`"${turn.transcript}"`)
        continue
      }
      const whole = await Effect.runPromise(rig.system.models.stt.transcribe(recording.samples))
      if (wordsAfterWakePhrase(whole.text).includes(expected))
        clipped.push(`${utterance.id}: "${turn.transcript}"`)
      else misheard += 1
    }
    progress.step("voice: first words:", recorded.length, recorded.length)
    return {
      measurements: [],
      bars: [
        {
          what: "first word after the wake word clipped",
          found: woken === 0 ? Number.NaN : clipped.length,
          limit: 0,
          sense: "at most",
          unit: "",
          indicative: tooFew(woken, NEEDED / 2),
        },
      ],
      notes: [
        `first words: ${recorded.length} commands in one breath, ${recorded.length - woken} not woken by, ${misheard} misheard also when the whole recording is transcribed`,
        ...(remnants.length > 0
          ? [
              `first words: ${remnants.length} with something of the wake phrase before them that was not known as such, which keeps a fixed phrase from being understood: ${remnants.join(", ")}`,
            ]
          : []),
        ...clipped.map((one) => `clipped: ${one}`),
      ],
    }
  })
}

const wordsAfterWakePhrase = (transcript: string): readonly string[] =>
  wordsForScoring(stripWakePhrase(transcript).text)
