import { QUIET_VOICES } from "./commands.ts"
import { seededRandom, shuffled } from "./random.ts"
import type { Utterance } from "./utterance.ts"

/** What people say to somebody who talks: from one short word to a sentence, none with the wake word. */
const TEXTS = [
  "Stop.",
  "Wait a moment.",
  "What time is it?",
  "That's enough, thank you.",
  "No, I meant something else.",
  "Can you say that again?",
  "Never mind.",
] as const

/** 49 interruptions: in mixed order, so that the first ones already hold several voices and texts. */
export const interruptions: readonly Utterance[] = shuffled(
  TEXTS.flatMap((text, index) =>
    QUIET_VOICES.map((voice) => ({
      id: `interruption-${index + 1}-${voice}`,
      voice,
      pieces: [text],
    })),
  ),
  seededRandom(4),
)
