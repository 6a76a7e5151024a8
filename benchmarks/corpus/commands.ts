import { seededRandom, shuffled } from "./random.ts"
import type { Utterance } from "./utterance.ts"

/** Two accents, both sexes. af_nicole is left out: it whispers. */
export const VOICES = [
  "af_heart",
  "af_bella",
  "af_sarah",
  "am_michael",
  "am_fenrir",
  "bf_emma",
  "bm_george",
  "bm_fable",
] as const

/**
 * Those whose silence is silent: bm_fable hisses at −42 dBFS for most of a second after the last word, so that nobody can
 * say when its speech ended.
 */
export const QUIET_VOICES = VOICES.filter((voice) => voice !== "bm_fable")

/** A recording of one sentence to Jett. */
export interface Command extends Utterance {
  readonly kind: "phrase" | "question"
}

/** Understood without a language model. None that changes a setting: one turn must not change the next. */
const PHRASES = [
  "what time is it?",
  "what's the time?",
  "tell me the time.",
  "do you know what time it is?",
  "what day is it today?",
  "what's the date?",
  "what is the date today?",
  "what day of the week is it?",
  "what can you do?",
  "what are you able to do?",
  "status report.",
  "are you okay?",
  "good morning.",
  "thank you very much.",
  "what did you say?",
] as const

const QUESTIONS = [
  "what is the capital of France?",
  "how far away is the moon?",
  "who wrote Romeo and Juliet?",
  "why is the sky blue?",
  "tell me a fact about whales.",
  "how do I boil an egg?",
  "what is the largest planet?",
  "how many legs does a spider have?",
  "what do plants need to grow?",
  "what is a good name for a cat?",
  "who painted the Mona Lisa?",
  "what does a carpenter do?",
  "why do leaves turn red in autumn?",
  "what should I read next?",
  "what is the tallest mountain?",
] as const

const spoken = (kind: Command["kind"], texts: readonly string[]): readonly Command[] =>
  texts.flatMap((text, index) =>
    VOICES.map((voice) => ({
      id: `${kind}-${index + 1}-${voice}`,
      kind,
      voice,
      pieces: [`Hey Jarvis, ${text}`],
    })),
  )

/**
 * 240 sentences after the wake word, in one breath: half fixed phrases, half free questions, in eight voices. In mixed
 * order, so that the first ones already hold several voices and sentences.
 */
export const commands: readonly Command[] = shuffled(
  [...spoken("phrase", PHRASES), ...spoken("question", QUESTIONS)],
  seededRandom(1),
)

/** "New conversation": said between free questions, so that each begins with a short history. */
export const newConversation: Utterance = {
  id: "new-conversation",
  voice: "am_michael",
  pieces: ["Hey Jarvis, new conversation."],
}

/** Words that may be lost when Jett listens a moment too late: said without any pause after the wake word. */
const FIRST_WORDS = ["stop", "status", "repeat that", "what time is it", "tell me a story"] as const

export const firstWordCommands: readonly Utterance[] = shuffled(
  FIRST_WORDS.flatMap((words, index) =>
    VOICES.map((voice) => ({
      id: `first-word-${index + 1}-${voice}`,
      voice,
      pieces: [`Hey Jarvis ${words}.`],
    })),
  ),
  seededRandom(2),
)

/** Names that sound like the wake word's, each in every voice, with a command that would be answered. */
const OTHER_NAMES = ["Travis", "Charles", "Harvey", "Marvin", "James", "Charlotte", "Jason", "Davis"] as const
const ASKED = ["what time is it?", "what day is it today?", "are you okay?", "what can you do?"] as const

export const nearMisses: readonly Utterance[] = shuffled(
  OTHER_NAMES.flatMap((name, index) =>
    VOICES.map((voice, voiceIndex) => ({
      id: `near-miss-${name.toLowerCase()}-${voice}`,
      voice,
      pieces: [`Hey ${name}, ${ASKED[(index + voiceIndex) % ASKED.length]}`],
    })),
  ),
  seededRandom(3),
)
