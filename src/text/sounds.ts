import { spokenWords } from "./spoken-form.ts"

/** How a letter is called, for names that are spelled: "q d" is "kew dee". */
const LETTERS: Readonly<Record<string, string>> = {
  a: "ay",
  b: "bee",
  c: "see",
  d: "dee",
  e: "ee",
  f: "ef",
  g: "jee",
  h: "aych",
  i: "eye",
  j: "jay",
  k: "kay",
  l: "el",
  m: "em",
  n: "en",
  o: "oh",
  p: "pee",
  q: "kew",
  r: "ar",
  s: "es",
  t: "tee",
  u: "you",
  v: "vee",
  w: "dubelyou",
  x: "eks",
  y: "why",
  z: "see",
}
const FIGURES = "zero one two three four five six seven eight nine".split(" ")

/** English spelling to rough sounds, in this order: S is "sh", C is "ch", T is "th". */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/[^a-z]/g, ""],
  [/^(kn|gn)/, "n"],
  [/^wr/, "r"],
  [/^ps/, "s"],
  [/[ts]ion/g, "Sun"],
  [/eigh/g, "ei"],
  [/igh/g, "i"],
  [/augh|ough/g, "o"],
  [/gh/g, "g"],
  [/ph/g, "f"],
  [/sch/g, "sk"],
  [/tch|ch/g, "C"],
  [/sh/g, "S"],
  [/th/g, "T"],
  [/wh/g, "w"],
  [/qu/g, "kw"],
  [/ck|q/g, "k"],
  [/x/g, "ks"],
  [/c(?=[eiy])/g, "s"],
  [/c/g, "k"],
  [/dge/g, "j"],
  [/(?<=..)e$/, ""],
  [/(?<=.)y/g, "i"],
  [/z/g, "s"],
  [/([aeiou])[aeiou]+/g, "$1"],
]

/** The rough sounds of what is said, word boundaries left out: speech to text sets them as it likes. */
export function soundsOf(text: string): string {
  return spokenWords(text)
    .flatMap(asSaid)
    .map(soundsOfWord)
    .join("")
    .replace(/(.)\1+/g, "$1")
}

/** Figures and what has no vowel are said one by one. */
function asSaid(word: string): readonly string[] {
  if (/^\d+$/.test(word)) return [...word].map((figure) => FIGURES[Number(figure)] ?? "")
  const isSpelled = word.length === 1 || (word.length <= 3 && !/[aeiouy]/.test(word))
  return isSpelled ? [...word].map((letter) => LETTERS[letter] ?? letter) : [word]
}

const soundsOfWord = (word: string): string =>
  SPELLINGS.reduce((sounds, [spelling, sound]) => sounds.replace(spelling, sound), word)

const VOWELS = "aeiou"
const GLIDES = "hwy"
/** Sounds that are easily taken for one another. */
const NEIGHBOURS = ["pb", "td", "kg", "fv", "sS", "SCj", "gj", "mn", "lr", "Tf", "Td", "Tt", "Ts", "vw", "vb"]

const weightOfSound = (sound: string): number => (VOWELS.includes(sound) || GLIDES.includes(sound) ? 0.5 : 1)

const replacement = (a: string, b: string): number => {
  if (a === b) return 0
  if (VOWELS.includes(a) && VOWELS.includes(b)) return 0.25
  if (NEIGHBOURS.some((group) => group.includes(a) && group.includes(b))) return 0.4
  return Math.max(weightOfSound(a), weightOfSound(b))
}

/** The costs by character code: they are looked up some thousand times for each name that is heard. */
const CODES = 128
const weights = Float64Array.from({ length: CODES }, (_, code) => weightOfSound(String.fromCharCode(code)))
const replacements = Float64Array.from({ length: CODES * CODES }, (_, i) =>
  replacement(String.fromCharCode(Math.floor(i / CODES)), String.fromCharCode(i % CODES)),
)

/**
 * How unlike two texts of `soundsOf` are, from 0, the same, to 1: the cheapest way from one to the other by leaving
 * out, adding and replacing sounds, relative to the longer one. Vowels and glides count half, and near sounds little.
 */
export function soundDistance(a: string, b: string): number {
  const whole = Math.max(weightOf(a), weightOf(b))
  if (whole === 0) return 1
  let last = new Float64Array(b.length + 1)
  let row = new Float64Array(b.length + 1)
  for (let i = 1; i <= b.length; i++) last[i] = at(last, i - 1) + at(weights, b.charCodeAt(i - 1))
  for (let k = 0; k < a.length; k++) {
    const from = a.charCodeAt(k)
    const left = at(weights, from)
    row[0] = at(last, 0) + left
    for (let i = 1; i <= b.length; i++) {
      const to = b.charCodeAt(i - 1)
      row[i] = Math.min(
        at(last, i) + left,
        at(row, i - 1) + at(weights, to),
        at(last, i - 1) + at(replacements, from * CODES + to),
      )
    }
    const spare = last
    last = row
    row = spare
  }
  return Math.min(1, at(last, b.length) / whole)
}

const at = (values: Float64Array, index: number): number => values[index] ?? 0

/** How much there is to hear in a text of `soundsOf`: consonants count 1, the rest half. */
export function weightOf(sounds: string): number {
  let sum = 0
  for (let i = 0; i < sounds.length; i++) sum += at(weights, sounds.charCodeAt(i))
  return sum
}
