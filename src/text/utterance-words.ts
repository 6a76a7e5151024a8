/** Said while thinking; it changes nothing. */
const FILLERS = new Set("um uh er erm hmm mm uhm".split(" "))

/** Contractions as speech to text writes them, so that a phrase needs one spelling only. */
const EXPANSIONS: ReadonlyMap<string, string> = new Map([
  ["what's", "what is"],
  ["whats", "what is"],
  ["how's", "how is"],
  ["it's", "it is"],
  ["i'm", "i am"],
  ["that's", "that is"],
  ["you're", "you are"],
  ["let's", "let us"],
  ["ok", "okay"],
  ["n8n", "n 8 n"],
  ["what're", "what are"],
])

/** Politeness around a request, longest first within its side. The wake word's name counts as an address. */
const OPENERS = [
  "can you please",
  "could you please",
  "would you please",
  "can you",
  "could you",
  "would you",
  "will you",
  "i want you to",
  "hello there",
  "hi there",
  "hey there",
  "please",
  "okay",
  "alright",
  "so",
  "well",
  "hey",
  "hi",
  "hello",
  "now",
  "and",
  "then",
  "jett",
  "jet",
  "jarvis",
].map((phrase) => phrase.split(" "))
const CLOSERS = [
  "for me",
  "thank you",
  "right now",
  "please",
  "thanks",
  "jett",
  "jet",
  "jarvis",
  "now",
  "then",
].map((phrase) => phrase.split(" "))

/**
 * The words of an utterance, ready for strict comparison: lower case, no punctuation, contractions spelled out, no
 * hesitation, no politeness around them. Something is always left of what has words: "please" alone stays "please".
 */
export function utteranceWords(transcript: string): readonly string[] {
  const words = plainWords(transcript).filter((word) => !FILLERS.has(word))
  return withoutEcho(withoutOpeners(withoutClosers(words)))
}

/** The words alone: lower case, no punctuation, contractions spelled out. */
export function plainWords(text: string): readonly string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[‘’]/g, "'")
      // Spellings of a century ago, which the recogniser has from its books.
      .replace(/\bto-(day|night|morrow)\b/g, "to$1")
      .split(/[^\p{L}\p{N}']+/u)
      .map((word) => word.replace(/^'+|'+$/g, ""))
      .filter((word) => word !== "")
      .flatMap((word) => (EXPANSIONS.get(word) ?? word).split(" "))
  )
}

/** Speech to text sometimes writes a short utterance twice. */
function withoutEcho(words: readonly string[]): readonly string[] {
  const half = words.slice(0, words.length / 2)
  const isEcho = half.length * 2 === words.length && half.every((word, i) => words[half.length + i] === word)
  return isEcho ? half : words
}

function withoutOpeners(words: readonly string[]): readonly string[] {
  const opener = OPENERS.find((phrase) => phrase.every((word, i) => words[i] === word))
  return opener === undefined || opener.length >= words.length
    ? words
    : withoutOpeners(words.slice(opener.length))
}

function withoutClosers(words: readonly string[]): readonly string[] {
  const closer = CLOSERS.find((phrase) =>
    phrase.every((word, i) => words[words.length - phrase.length + i] === word),
  )
  return closer === undefined || closer.length >= words.length
    ? words
    : withoutClosers(words.slice(0, -closer.length))
}
