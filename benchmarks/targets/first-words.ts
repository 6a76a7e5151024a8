import * as Effect from "effect/Effect"
import { stripWakePhrase } from "../../src/text/wake-phrase.ts"
import { firstWordCommands } from "../corpus/commands.ts"
import { wordsOf } from "../corpus/corpus.ts"
import type { Findings } from "../result.ts"
import { withRig } from "../rig.ts"
import { type TargetOptions, tooFew } from "../target.ts"
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
  const config = { ...options.config, llm: { ...options.config.llm, provider: "none" as const } }
  return withRig({ config, pace: "clock" }, signal, async (rig) => {
    const clipped: string[] = []
    let misheard = 0
    let woken = 0
    for (const [index, { utterance, recording }] of recorded.entries()) {
      signal.throwIfAborted()
      progress.step("voice: first words:", index, recorded.length)
      const { turns } = await rig.speak(recording, { cutReplyAfterMs: 0 })
      const turn = turns.find(({ wake }) => wake !== undefined)
      if (turn === undefined) continue
      woken += 1
      const expected = firstWord(wordsOf(utterance))
      if (firstWord(turn.transcript) === expected) continue
      const whole = await Effect.runPromise(rig.system.models.stt.transcribe(recording.samples))
      if (firstWord(whole.text) === expected) clipped.push(`${utterance.id}: "${turn.transcript}"`)
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
        ...clipped.map((one) => `clipped: ${one}`),
      ],
    }
  })
}

/** The word after the wake phrase, as it is scored. */
const firstWord = (transcript: string): string | undefined =>
  wordsForScoring(stripWakePhrase(transcript).text)[0]
