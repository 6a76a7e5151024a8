import { samplesToMs } from "../src/audio/format.ts"
import type { TurnRecord } from "../src/ports/turn.ts"
import type { Label } from "./corpus/utterance.ts"

export type PauseVerdict = "whole" | "cut short" | "not woken"

/** Voice activity ends a fading last word a little before the label does. */
const END_TOLERANCE_MS = 200

/**
 * What became of one sentence with a pause in it. It is *cut short* when its speech is not all in the turn that the wake
 * word opened: the turn's last revision ends before the last word does, or what followed the pause woke another turn.
 */
export const pauseVerdict = (
  label: Label,
  spoken: { readonly startMs: number; readonly turns: readonly Pick<TurnRecord, "wake" | "speech">[] },
): PauseVerdict => {
  const [turn, ...others] = spoken.turns.filter(({ wake }) => wake !== undefined)
  if (turn === undefined) return "not woken"
  const lastWordMs = spoken.startMs + samplesToMs(label.lastVoicedSample) - END_TOLERANCE_MS
  const endMs = turn.speech?.endMs ?? Number.NEGATIVE_INFINITY
  return others.length > 0 || endMs < lastWordMs ? "cut short" : "whole"
}
