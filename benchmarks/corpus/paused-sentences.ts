import { QUIET_VOICES } from "./commands.ts"
import { seededRandom, shuffled } from "./random.ts"
import type { Utterance } from "./utterance.ts"

const SHORTEST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 550

/**
 * Sentences that people hesitate in, with where they do. In the last two what comes before the pause is a whole fixed
 * phrase or a whole question: the hardest case, since Jett waits less when it has understood.
 */
const SENTENCES = [
  ["tell me about the history", "of the city of Paris."],
  ["how long does it take", "to walk ten kilometres?"],
  ["I would like to know", "why the sea is salty."],
  ["what is the difference between", "a frog and a toad?"],
  ["can you explain how", "a refrigerator works?"],
  ["who was the first person", "to walk on the moon?"],
  ["give me a recipe with", "potatoes and cheese."],
  ["which planet has", "the most moons?"],
  ["how many people live", "in the north of Sweden?"],
  ["please tell me a story about", "an old lighthouse."],
  ["what would you do if", "it rained all week?"],
  ["is it true that", "cats always land on their feet?"],
  ["when should I plant", "tomatoes in the garden?"],
  ["I was wondering whether", "bees sleep at night."],
  ["tell me something about", "the life of Marie Curie."],
  ["what time is it", "in the city of Tokyo?"],
  ["what is the weather like", "on the planet Mars?"],
] as const

/** 119 recordings with one inner pause each, uniformly spread over 300–550 ms, across all sentences and voices. */
export const pausedSentences: readonly Utterance[] = (() => {
  const pairs = shuffled(
    SENTENCES.flatMap((sentence, index) => QUIET_VOICES.map((voice) => ({ sentence, index, voice }))),
    seededRandom(4),
  )
  const spread = (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS) / pairs.length
  const withPauses = pairs.map(({ sentence: [before, after], index, voice }, position) => ({
    id: `paused-${index + 1}-${voice}`,
    voice,
    pieces: [
      `Hey Jarvis, ${before}`,
      { pauseMs: Math.round(SHORTEST_PAUSE_MS + spread * (position + 0.5)) },
      after,
    ],
  }))
  // A part of them, as --quick takes, must hold short and long pauses.
  return shuffled(withPauses, seededRandom(5))
})()
