import type { ConfirmationRefusal } from "../../ports/consent.ts"
import type { ChallengeWord } from "./challenge-words.ts"

/** Why it is asked again. None of it comes from what was heard. */
const BECAUSE: Readonly<Partial<Record<ConfirmationRefusal, string>>> = {
  "wrong-word": "That was not the word.",
  unclear: "I did not get that.",
  "too-early": "That came too early.",
  "own-voice": "I heard myself.",
}

/** The question, with the word last: until it has been said nobody can know it. */
export function questionOf(spoken: string, { word }: ChallengeWord, because?: ConfirmationRefusal): string {
  const question = `Do you want me to ${spoken}? To confirm, say: ${word}.`
  const reason = because === undefined ? undefined : BECAUSE[because]
  return reason === undefined ? question : `${reason} ${question}`
}
