import type { ChallengeWord } from "./challenge-words.ts"

export type AnswerReading =
  | "granted"
  /** A word of refusal was in it, wherever. */
  | "deny"
  /** Another challenge word, with or without the right one. */
  | "wrong-word"
  | "yes-without-word"
  | "unclear"
  | "silence"

export interface AnswerContext {
  /** The word that was asked for. */
  readonly word: ChallengeWord
  /** Every other challenge word. */
  readonly otherWords: readonly ChallengeWord[]
  /** 0..1, of the transcript. */
  readonly confidence: number
}

/**
 * Below this a transcript is doubtful, as in `classifyTranscript`, and no consent. Measured: of 959 answers that were
 * the right word the least certain one was at 0.43.
 */
const MIN_CONFIDENCE = 0.4

/** The word with what is harmless around it: "yes, please, the word is tango". More is a sentence about something else. */
const MOST_WORDS = 5

/** One of these anywhere is a refusal, whatever else was said. Homophones of "no" and "wait" are what they sound like. */
const DENY_WORDS: ReadonlySet<string> = new Set(
  [
    "no know noe nope nah naw na not non nay never nevermind none neither nor nothing negative",
    "stop stopped stops cancel cancelled canceled abort quit exit halt end",
    "wait weight waite hold hang pause later whoa woah enough forget ignore skip leave",
    "deny denied decline reject refuse disagree disapprove wrong false mistake incorrect undo oops",
    "cannot cant dont wont doesnt didnt isnt arent wasnt shouldnt couldnt wouldnt mustnt without except unless",
    "nein nee non nyet nada nicht",
  ].flatMap((line) => line.split(" ")),
)

/** Said with words that are no refusal by themselves. */
const DENY_PHRASES: readonly (readonly string[])[] = [
  "uh uh",
  "unh unh",
  "mm mm",
  "nuh uh",
  "changed my mind",
  "change my mind",
  "second thought",
  "second thoughts",
  "shut up",
  "give up",
  "back off",
].map((phrase) => phrase.split(" "))

/** What may stand before the word, and before each other. */
const OPENERS = [
  // Said out of habit. Jett never says it, so it was a person.
  "hey jarvis",
  "jarvis",
  "go ahead",
  "all right",
  "yes",
  "yeah",
  "yep",
  "yup",
  "sure",
  "okay",
  "ok",
  "alright",
  "right",
  "correct",
  "absolutely",
  "please",
  "well",
  "so",
  "um",
  "uh",
  "er",
].map((phrase) => phrase.split(" "))

/** What may stand right before the word. No question ("is it tango") and nothing of our own question ("say tango"). */
const INTRODUCTIONS = [
  "the word is",
  "the word",
  "it is",
  "it's",
  "its",
  "that is",
  "that's",
  "i confirm",
  "confirm",
  "confirmed",
].map((phrase) => phrase.split(" "))

/** What may stand after it. */
const CLOSERS = [
  "thank you",
  "go ahead",
  "please",
  "thanks",
  "confirm",
  "confirmed",
  "yes",
  "yeah",
  "okay",
  "ok",
].map((phrase) => phrase.split(" "))

/** Answers that mean yes to a person. They are no consent: anybody in the room, or on television, says them. */
const YES: ReadonlySet<string> = new Set(
  "yes yeah yep yup sure okay ok alright right absolutely definitely certainly confirm confirmed affirmative correct proceed agreed".split(
    " ",
  ),
)

/** What English speech to text writes. Anything else (figures, markup, other scripts) is no answer to a word. */
const PLAIN = /^[A-Za-z'‘’"“”.,!?:… -]*$/

/**
 * What the answer to a confirmation amounts to. Total and pure: text in, verdict out, no language model. A refusal wins
 * over everything, and is looked for in a more tolerant way than consent: consent is the word that was asked for, alone
 * or with a few harmless words around it, in a transcript that is not doubtful.
 */
export function readAnswer(transcript: string, context: AnswerContext): AnswerReading {
  if (refuses(transcript)) return "deny"
  if (!/[\p{L}\p{N}]/u.test(transcript)) return "silence"
  // Written so that NaN is doubtful too.
  if (!(context.confidence >= MIN_CONFIDENCE) || !PLAIN.test(transcript.trim())) return "unclear"
  const words = wordsOf(transcript)
  if (context.otherWords.some((other) => words.some((word) => isSpelling(other, word)))) return "wrong-word"
  if (words.some((word) => isSpelling(context.word, word)))
    return isConsent(words, context.word) ? "granted" : "unclear"
  return words.length <= MOST_WORDS && words.some((word) => YES.has(word)) ? "yes-without-word" : "unclear"
}

const APOSTROPHES = /[‘’‛ʼ´`′＇]/g

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .replace(APOSTROPHES, "'")
    .split(/[^a-z']+/)
    .map((word) => word.replace(/^'+|'+$/g, ""))
    .filter((word) => word !== "")

/** Accents, full-width letters and invisible characters do not hide a refusal. */
function refuses(transcript: string): boolean {
  const text = transcript.replace(APOSTROPHES, "'").normalize("NFKD")
  const words = wordsOf(text.replace(/[\p{M}\p{Cf}]/gu, ""))
  return (
    words.some((word) => DENY_WORDS.has(word) || word.endsWith("n't")) ||
    words.some((word, at) => word === "t" && words[at - 1]?.endsWith("n")) ||
    DENY_PHRASES.some((phrase) => words.some((_, at) => isAt(words, at, phrase)))
  )
}

const isSpelling = ({ word, spellings }: ChallengeWord, heard: string): boolean =>
  heard === word || spellings.includes(heard)

/** Openers, at most one introduction, the word, closers, and nothing else. */
function isConsent(words: readonly string[], asked: ChallengeWord): boolean {
  if (words.length > MOST_WORDS) return false
  const at = words.findIndex((word) => isSpelling(asked, word))
  // Speech to text now and then writes a short answer twice.
  const end = words.slice(at).findIndex((word) => !isSpelling(asked, word))
  const after = end === -1 ? [] : words.slice(at + end)
  const before = words.slice(0, at)
  return isOpening(before) && consistsOf(after, CLOSERS)
}

const isOpening = (words: readonly string[]): boolean =>
  consistsOf(words, OPENERS) ||
  INTRODUCTIONS.some(
    (phrase) =>
      isAt(words, words.length - phrase.length, phrase) &&
      consistsOf(words.slice(0, words.length - phrase.length), OPENERS),
  )

/** No phrase begins with another one, so the first that fits is the only one. */
function consistsOf(words: readonly string[], phrases: readonly (readonly string[])[]): boolean {
  let at = 0
  while (at < words.length) {
    const phrase = phrases.find((candidate) => isAt(words, at, candidate))
    if (phrase === undefined) return false
    at += phrase.length
  }
  return true
}

const isAt = (words: readonly string[], at: number, phrase: readonly string[]): boolean =>
  at >= 0 && phrase.every((word, i) => words[at + i] === word)
