import { expect, test } from "vitest"
import { commands, firstWordCommands, nearMisses, VOICES } from "../../../benchmarks/corpus/commands.ts"
import { wordsOf } from "../../../benchmarks/corpus/corpus.ts"
import { interruptions } from "../../../benchmarks/corpus/interruptions.ts"
import { OTHER_RECORDINGS, otherSpeech } from "../../../benchmarks/corpus/other-speech.ts"
import { pausedSentences } from "../../../benchmarks/corpus/paused-sentences.ts"
import { utteranceHash } from "../../../benchmarks/corpus/utterance.ts"
import { matchPhrase } from "../../../src/text/match-phrase.ts"
import { stripWakePhrase, wakeEvidence } from "../../../src/text/wake-phrase.ts"

const everything = [...commands, ...firstWordCommands, ...interruptions, ...nearMisses, ...pausedSentences]

test("no two recordings have the same name or the same sound", () => {
  expect(new Set(everything.map(({ id }) => id)).size).toBe(everything.length)
  expect(new Set(everything.map((one) => utteranceHash(one, ""))).size).toBe(everything.length)
})

test("there are 240 commands in at least six voices, half of them fixed phrases that are understood as such", () => {
  expect(commands).toHaveLength(240)
  expect(new Set(commands.map(({ voice }) => voice)).size).toBe(VOICES.length)
  expect(VOICES.length).toBeGreaterThanOrEqual(6)
  const phrases = commands.filter(({ kind }) => kind === "phrase")
  expect(phrases).toHaveLength(120)
  for (const command of commands) {
    const { text } = stripWakePhrase(wordsOf(command))
    expect(`${text}: ${matchPhrase(text, {}) === undefined ? "question" : "phrase"}`).toBe(
      `${text}: ${command.kind}`,
    )
  }
})

test("the first dozen already holds both kinds and several voices, as --quick takes no more", () => {
  const few = commands.slice(0, 12)
  expect(few.filter(({ kind }) => kind === "phrase").length).toBeGreaterThanOrEqual(4)
  expect(few.filter(({ kind }) => kind === "question").length).toBeGreaterThanOrEqual(4)
  expect(new Set(few.map(({ voice }) => voice)).size).toBeGreaterThanOrEqual(5)
})

test("at least 100 sentences have one pause each, spread evenly over 300 to 550 ms", () => {
  const pauses = pausedSentences.map(({ pieces }) => {
    const found = pieces.filter((piece) => typeof piece !== "string")
    expect(found).toHaveLength(1)
    return found[0]?.pauseMs ?? 0
  })
  expect(pauses.length).toBeGreaterThanOrEqual(100)
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(300)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(550)
  for (let from = 300; from < 550; from += 50) {
    const share = pauses.filter((pause) => pause >= from && pause < from + 50).length / pauses.length
    expect(share).toBeGreaterThan(0.15)
    expect(share).toBeLessThan(0.25)
  }
})

test("there are at least 40 interruptions in at least six voices, none with the wake word", () => {
  expect(interruptions.length).toBeGreaterThanOrEqual(40)
  expect(new Set(interruptions.map(({ voice }) => voice)).size).toBeGreaterThanOrEqual(6)
  for (const one of interruptions) expect(wakeEvidence(wordsOf(one))).toBe("none")
})

test("each near miss is addressed to somebody else", () => {
  expect(nearMisses.length).toBeGreaterThanOrEqual(60)
  for (const one of nearMisses) expect(wakeEvidence(wordsOf(one))).not.toBe("wake-word")
})

test("other speech never holds the wake word, is the same at every call, and does not repeat itself much", () => {
  const some = otherSpeech(OTHER_RECORDINGS)
  expect(otherSpeech(OTHER_RECORDINGS)).toEqual(some)
  for (const one of some) expect(wordsOf(one)).not.toMatch(/jarvis/i)
  expect(new Set(some.map(wordsOf)).size).toBe(some.length)
  expect(new Set(some.map(({ voice }) => voice)).size).toBe(15)
})
