import { seededRandom } from "./random.ts"
import type { Utterance } from "./utterance.ts"

/** A Piper voice's scales, as a name: noise / pace / noise width. Other scales are, roughly, other speakers' moods. */
const NOISE_SCALES = [0.333, 0.667, 0.9] as const
const SPEEDS = [0.8, 0.9, 1, 1.1, 1.25] as const

const SUBJECTS = [
  "The committee",
  "My neighbour",
  "Her older brother",
  "The captain of the ship",
  "Everyone in the village",
  "A small company from Jersey",
  "The new service",
  "Doctor Harris",
  "The garden behind the house",
  "Our German teacher",
  "That journalist",
  "The harvest",
  "Professor Davies",
  "The jar on the shelf",
  "His grandmother",
  "The weather service",
] as const

const VERBS = [
  "decided to change",
  "has never seen",
  "talked for hours about",
  "wanted to paint",
  "carefully described",
  "will probably need",
  "was looking for",
  "could not understand",
  "has always preferred",
  "asked a question about",
  "remembered",
  "gave away",
] as const

const OBJECTS = [
  "the blue curtains in the kitchen",
  "a very old map of the harbour",
  "seventeen boxes of oranges",
  "the heavy traffic near the station",
  "a letter from the bank",
  "the jazz concert in the park",
  "three large dogs",
  "the history of the railway",
  "a simple way to save water",
  "the carving above the door",
  "every chair in the library",
  "the nervous system of a fish",
  "a new pair of shoes",
  "the price of bread",
  "the service at the hotel",
  "a story about a lighthouse",
] as const

const ENDINGS = [
  "before the end of the year",
  "although nobody had expected it",
  "because the bridge was closed",
  "on a cold morning in January",
  "without saying a word",
  "and then went home",
  "while the children were asleep",
  "as soon as the rain had stopped",
  "hey, that was a surprise",
  "in spite of everything",
] as const

const ASIDES = [
  "What time did you say the train leaves?",
  "Hey, have you seen my keys?",
  "I think it might rain this afternoon.",
  "Could you pass me the salt, please?",
  "The jars are in the cellar.",
  "Hey there, how have you been?",
  "She starves herself before every race.",
  "Turn left at the harbour, then go straight on.",
  "They serve breakfast until ten.",
  "Please stop doing that.",
] as const

/** Sentences that nobody said to Jett. They hold no "Jarvis", but a good deal of "hey", "service" and "harvest". */
const otherSentence = (random: () => number): string => {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  if (random() < 0.2) return pick(ASIDES) ?? ""
  return `${pick(SUBJECTS)} ${pick(VERBS)} ${pick(OBJECTS)}, ${pick(ENDINGS)}.`
}

/** Sentences of one recording: about ten seconds, as people talk without stopping. */
const SENTENCES = 3

/** About as many as make an hour. */
export const OTHER_RECORDINGS = 420

const RUN_LENGTH = OTHER_RECORDINGS / NOISE_SCALES.length

/** Recordings of other speech, by Piper with scales that change from one to the next; the same ones at every call. */
export const otherSpeech = (count: number): readonly Utterance[] => {
  const random = seededRandom(6)
  return Array.from({ length: count }, (_, index) => {
    const text = Array.from({ length: SENTENCES }, () => otherSentence(random)).join(" ")
    // Long runs of one noise scale: it is a property of the loaded voice, the pace of each request.
    const noise = NOISE_SCALES[Math.floor(index / RUN_LENGTH) % NOISE_SCALES.length] ?? 0.667
    return {
      id: `other-${index + 1}`,
      voice: `piper/${noise}/${SPEEDS[index % SPEEDS.length]}`,
      pieces: [text],
    }
  })
}
