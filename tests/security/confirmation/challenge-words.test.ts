import { describe, expect, test } from "vitest"
import { interruptions } from "../../../benchmarks/corpus/interruptions.ts"
import { CHALLENGE_WORDS } from "../../../src/security/confirmation/challenge-words.ts"
import { readAnswer } from "../../../src/security/confirmation/consent-answer.ts"
import { matchPhrase } from "../../../src/text/match-phrase.ts"
import { speaksWakeWord, wakeEvidence } from "../../../src/text/wake-phrase.ts"

const words = CHALLENGE_WORDS.map(({ word }) => word)
const everySpelling = CHALLENGE_WORDS.flatMap(({ word, spellings }) => [word, ...spellings])
const nothing = { word: { word: "nothing at all", spellings: [] }, otherWords: [], confidence: 1 }

/** Words of answers and commands, and names that containers have. */
const TAKEN = [
  ...[
    "yes",
    "yeah",
    "okay",
    "sure",
    "right",
    "please",
    "confirm",
    "go",
    "no",
    "not",
    "don't",
    "stop",
    "wait",
  ],
  ...[
    "cancel",
    "never",
    "hold",
    "start",
    "restart",
    "reboot",
    "status",
    "logs",
    "list",
    "container",
    "timer",
  ],
  ...["postgres", "quadrant", "portainer", "redis", "nginx", "traefik", "grafana", "jarvis", "jett"],
]

/** Letters to change, insert or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

test("there are 16 words or more, so that guessing one is of no use", () => {
  expect(words.length).toBeGreaterThanOrEqual(16)
  expect(new Set(everySpelling).size).toBe(everySpelling.length)
})

test("each is a plain word of at least five letters", () => {
  for (const word of everySpelling) expect(word).toMatch(/^[a-z']{5,}$/)
})

test("no two are spelled alike, and none is in another one", () => {
  for (const [at, word] of words.entries()) {
    for (const other of words.slice(at + 1)) {
      expect(distance(word, other), `${word}, ${other}`).toBeGreaterThanOrEqual(4)
      expect(word.includes(other) || other.includes(word), `${word}, ${other}`).toBe(false)
    }
  }
})

test("none is like a word of an answer, of a command or of a container", () => {
  for (const word of words) {
    for (const taken of TAKEN) expect(distance(word, taken), `${word}, ${taken}`).toBeGreaterThanOrEqual(3)
  }
})

describe.each(everySpelling)("%s", (word) => {
  test("is no refusal, no yes, no command and no wake word", () => {
    expect(readAnswer(word, nothing)).toBe("unclear")
    expect(matchPhrase(word)).toBeUndefined()
    expect(wakeEvidence(word)).toBe("none")
    expect(speaksWakeWord(word)).toBe(false)
  })
})

test("the refusals of the benchmark are refusals", () => {
  const texts = interruptions
    .map(({ pieces }) => String(pieces[0]))
    .filter((text) => /^(Stop|Wait|No|Never)/.test(text))
  expect(new Set(texts).size).toBe(4)
  for (const text of texts) expect(readAnswer(text, nothing)).toBe("deny")
})
