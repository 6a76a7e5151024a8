/** "Hey Jarvis" as words; the transcript's spelling of it is compared by sound. */
const WAKE_WORD = "jarvis"

/** What speech to text makes of "hey", and what little else it may be: a weak one needs an exact name after it. */
const HEY = new Set(["hey", "hi", "hay"])
const WEAK_HEY = new Set("a e h ae ay eh he be me we they pay page age each eat eight okay ok".split(" "))

/** Heard from Moonshine tiny for "Hey Jarvis" and too far off to be found by sound. */
const MISHEARD = ["hey java", "hey jarvi", "h r v"].map((phrase) => phrase.split(" "))

/** The whole of what is left when the recording began in the middle of the wake phrase. */
const CUT_OFF = /^(?:hey|hay)$/

/** Spoken names that the wake engine takes for "Jarvis" and that Moonshine tells apart from it. */
const OTHER_NAMES = new Set(
  "travis travers charles charlie charley charlotte arles carlos harvey davis mavis marvin martin marcus jason justin james jamie jasper jack jackie jake jane janet jerry jeremy jesse jim jimmy joe john johnny jordan josh judy julia julian alexa siri google computer".split(
    " ",
  ),
)

/** How much of a transcript may be a misheard wake phrase: "a jar of us". */
const MISHEARD_WORDS = 4

export interface StrippedTranscript {
  /** The transcript as it stands after the wake phrase. */
  readonly text: string
  /** The wake phrase was all there was. */
  readonly wakeOnly: boolean
}

interface Word {
  /** Lower case, letters only. */
  readonly text: string
  /** Where the word ends in the transcript. */
  readonly end: number
}

/**
 * Removes a leading "Hey Jarvis", spelled in any of the ways that a recogniser mishears it, once or twice over.
 * At most the first three words are looked at, and a name counts only when it sounds like "Jarvis" (one sound may be
 * missing, wrong or added) – so that "Hey, service status" keeps its first word.
 */
export function stripWakePhrase(transcript: string): StrippedTranscript {
  const once = withoutOne(transcript)
  const text = once === undefined ? transcript : (withoutOne(once) ?? once)
  const isCutOff = CUT_OFF.test(
    leadingWords(text, 2)
      .map((word) => word.text)
      .join(" "),
  )
  return { text: text.trim(), wakeOnly: isCutOff || (once !== undefined && !/[\p{L}\p{N}]/u.test(text)) }
}

/**
 * A second look at a wake by its transcript: positive evidence for or against the wake word, or none of either.
 * Speech to text hears "Hey Travis" where the wake engine was not sure of the difference.
 */
export function wakeEvidence(transcript: string): "wake-word" | "another-name" | "none" {
  const [first, second] = leadingWords(transcript.replace(/^\P{L}+/u, ""), 2)
  const isAddress = first !== undefined && (HEY.has(first.text) || WEAK_HEY.has(first.text))
  const name = isAddress ? second : first
  if (name !== undefined && OTHER_NAMES.has(name.text) && isAddress) return "another-name"
  return withoutOne(transcript) === undefined ? "none" : "wake-word"
}

/**
 * What may follow a wake phrase that was heard as other words: what is left after the first one to four of them, where
 * together they sound like it ("a jar of us stop", "H. Avis stop", "hage our vest status"). It is a guess: to be made
 * only where the sound is known to begin with the wake word, and to be believed only where what is left makes sense by
 * itself, because "a jar of us" may be just that. Measured on 160 recordings that Moonshine heard from their beginning
 * and from 0.12 s and 0.24 s later, clean and at 15 dB.
 */
export function afterMisheardWakePhrase(transcript: string): readonly string[] {
  const words = leadingWords(transcript, MISHEARD_WORDS)
  return words.flatMap(({ end }, index) => {
    const heard = words.slice(0, index + 1).map((word) => word.text)
    return isPerhapsWakePhrase(heard) ? [afterWord(transcript, end)] : []
  })
}

/** Whether speaking the text aloud could wake Jett itself. */
export function speaksWakeWord(text: string): boolean {
  return SPOKEN_WAKE_WORD.test(text)
}

/** The text with its wake word put another way, because Jett must never say it: "Hey Jarvis" is "my wake word". */
export function withoutWakeWord(text: string): string {
  return text.replace(SPOKEN_WAKE_PHRASE, "my wake word").replace(SPOKEN_WAKE_WORDS, "Jett")
}

const SPOKEN = "j[ae]rv[ie]s+e?"
const SPOKEN_WAKE_WORD = new RegExp(SPOKEN, "i")
const SPOKEN_WAKE_WORDS = new RegExp(SPOKEN, "gi")
const SPOKEN_WAKE_PHRASE = new RegExp(String.raw`\b(?:hey|hi|okay|ok)\b[\s,.!'"*_-]{0,5}${SPOKEN}\b`, "gi")

/** What follows one wake phrase; undefined where there is none. */
function withoutOne(transcript: string): string | undefined {
  // It writes its first, half heard sound as a number now and then: "18. Hey, Jarvis".
  const words = leadingWords(
    transcript.replace(/^\P{L}+(?=hey\b)/iu, (marks) => " ".repeat(marks.length)),
    3,
  )
  const length = wakePhraseLength(words.map((word) => word.text))
  const last = words[length - 1]
  return last === undefined ? undefined : afterWord(transcript, last.end)
}

const afterWord = (transcript: string, end: number): string =>
  transcript.slice(end).replace(/^[^\p{L}\p{N}]+/u, "")

/** Of how many words the wake phrase at the start consists; 0 is none. */
function wakePhraseLength(words: readonly string[]): number {
  const misheard = MISHEARD.find((phrase) => phrase.every((word, i) => words[i] === word))
  if (misheard !== undefined) return misheard.length
  const [first = "", second = "", third = ""] = words
  if (first === `hey${WAKE_WORD}` || isExactly(first)) return 1
  if (HEY.has(first) && soundsLikeWakeWord(second)) return 2
  if (WEAK_HEY.has(first) && isExactly(second)) return 2
  if (HEY.has(first) && second.startsWith("j") && isExactly(second + third)) return 3
  return 0
}

/** "Jarvis", "Jervis", "Jarvice": all its sounds in order, with the J spelled as one. */
function isExactly(word: string): boolean {
  return /^[jg]/.test(word) && word.length <= WAKE_WORD.length + 3 && sounds(word) === sounds(WAKE_WORD)
}

function soundsLikeWakeWord(word: string): boolean {
  const heard = sounds(word)
  return (
    heard.startsWith("j") && heard.length >= 3 && word.length >= 5 && distance(heard, sounds(WAKE_WORD)) <= 1
  )
}

/** "Jarvis" by its sounds, with one of them wrong at most and what is left of "hey" before it. */
function isPerhapsWakePhrase(words: readonly string[]): boolean {
  if (words.some((word) => OTHER_NAMES.has(word))) return false
  const [first = "", second = ""] = words
  if (words.length === 2 && (HEY.has(first) || WEAK_HEY.has(first)) && JAVA.test(second)) return true
  const spelled = words.map((word) => (word === "h" ? "aitch" : word)).join("")
  const heard = sounds(
    spelled
      .replace(/\d/g, "")
      .replace(/t?ch|d?g(?=[ei])/g, "j")
      .replace(/th/g, "v"),
  ).replace(/^[nmpdtv]{0,2}(?=j)/, "")
  return heard.startsWith("j") && heard.length >= 3 && distance(heard, sounds(WAKE_WORD)) <= 1
}

const JAVA = /^ja(?:va|bba)s?$/

/** The consonants of a word as classes that a recogniser confuses: j (also ch, tr, dr), r, v (b, f), s (c, z, sh). */
function sounds(word: string): string {
  return word
    .replace(/^(?:ch|tr|dr|g)/, "j")
    .replace(/sh/g, "s")
    .replace(/[aeiouyhw']/g, "")
    .replace(/[bf]/g, "v")
    .replace(/[czx]/g, "s")
    .replace(/(.)\1+/g, "$1")
}

/** Edits (insert, delete, replace, swap neighbours) between two short strings. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    const above = rows[i - 1] ?? []
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = swaps ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : replaced
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? Math.max(a.length, b.length)
}

function leadingWords(transcript: string, count: number): readonly Word[] {
  const words: Word[] = []
  for (const match of transcript.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’]*/gu)) {
    words.push({ text: match[0].toLowerCase(), end: match.index + match[0].length })
    if (words.length === count) break
  }
  return words
}
