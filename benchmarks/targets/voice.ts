import { firstWordCommands } from "../corpus/commands.ts"
import { pausedSentences } from "../corpus/paused-sentences.ts"
import type { Findings } from "../result.ts"
import { amount, type Target } from "../target.ts"
import { measureFirstWords } from "./first-words.ts"
import { measureInnerPauses } from "./inner-pauses.ts"
import { measureTurns } from "./turns.ts"

/** The whole voice loop with real models: how soon it answers, and how well it knows when you have finished. */
export const voice: Target = async (options) => {
  const turns = await measureTurns(options, amount(options, 3, 40))
  const pauses = await measureInnerPauses(options, amount(options, 4, pausedSentences.length))
  const firstWords = await measureFirstWords(options, amount(options, 4, firstWordCommands.length))
  return join([turns, pauses, firstWords])
}

const join = (parts: readonly Findings[]): Findings => ({
  measurements: parts.flatMap((part) => part.measurements),
  bars: parts.flatMap((part) => part.bars),
  notes: parts.flatMap((part) => part.notes),
})
