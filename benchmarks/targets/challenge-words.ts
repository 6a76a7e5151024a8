import * as Effect from "effect/Effect"
import { msToSamples } from "../../src/audio/format.ts"
import { joinSamples } from "../../src/audio/join-samples.ts"
import type { SpeechToText } from "../../src/ports/speech.ts"
import { CHALLENGE_WORDS, type ChallengeWord } from "../../src/security/confirmation/challenge-words.ts"
import { readAnswer } from "../../src/security/confirmation/consent-answer.ts"
import { ANSWER_VOICES, challengeAnswers } from "../corpus/challenge-answers.ts"
import { type Recorded, wordsOf } from "../corpus/corpus.ts"
import { interruptions } from "../corpus/interruptions.ts"
import { noises, withNoise } from "../corpus/noise.ts"
import { withModels } from "../models.ts"
import { type Bar, measured } from "../result.ts"
import { amount, type Target, tooFew } from "../target.ts"

const SNR_DB = 20
/** What the conversation transcribes after an answer, as before it. */
const TAIL_MS = 200
const HEARD_PERCENT = 98
/** Of one word: with fewer a single miss decides. */
const NEEDED = 50

const REFUSALS = interruptions.filter((one) => /^(Stop|Wait|No|Never)\b/.test(wordsOf(one)))

interface Heard {
  readonly word: string
  readonly text: string
  readonly confidence: number
}

/**
 * Each challenge word spoken alone in noise, judged as an answer to a confirmation: it has to be taken where it was asked
 * for, and nowhere else. Noises have to be taken for none.
 */
export const challengeWords: Target = async (options) => {
  const { config, corpus, progress, quick, signal } = options
  const words = CHALLENGE_WORDS.map(({ word }) => word)
  const voices = ANSWER_VOICES.filter((_, at) => !quick || at % 5 === 0)
  const recorded = await corpus.recordings("challenge words", challengeAnswers(words, voices), signal)
  const refusals = await corpus.recordings("refusals", quick ? REFUSALS.slice(0, 6) : REFUSALS, signal)
  const repeats = amount(options, 1, 5)
  return withModels(config, signal, async ({ stt, preload }) => {
    await Effect.runPromise(preload.stt)
    const heard: Heard[] = []
    for (const [index, one] of recorded.entries()) {
      for (let repeat = 0; repeat < repeats; repeat++) {
        signal.throwIfAborted()
        progress.step("challenge words:", heard.length, recorded.length * repeats)
        const samples = inNoise(one, index * repeats + repeat)
        heard.push({ word: one.utterance.word, ...(await Effect.runPromise(stt.transcribe(samples))) })
      }
    }
    progress.step("challenge words:", heard.length, heard.length)
    const rates = CHALLENGE_WORDS.map((word) => rateOf(word, heard))
    const wronglyTaken = heard.filter((one) => CHALLENGE_WORDS.some((word) => isTakenFor(word, one)))
    const refused: Heard[] = []
    for (const [index, one] of refusals.entries()) {
      signal.throwIfAborted()
      const { text, confidence } = await Effect.runPromise(stt.transcribe(inNoise(one, index)))
      refused.push({ word: wordsOf(one.utterance), text, confidence })
    }
    const misheard = refused.filter(({ text }) => readAnswer(text, anyContext) !== "deny")
    const refusalsTaken = refused.filter((one) => CHALLENGE_WORDS.some((word) => grants(word, one)))
    const noisesTaken = await takenNoises(stt, quick, signal)
    const indicative = rates.some(({ count }) => tooFew(count, NEEDED))
    const atMostNone = (what: string, found: number): Bar => ({
      ...{ what, found, limit: 0, sense: "at most", unit: "", indicative },
    })
    return {
      measurements: [
        measured(
          "confidence of an answer",
          "",
          heard.map(({ confidence }) => confidence),
        ),
        measured(
          "word heard",
          "%",
          rates.map(({ percent }) => percent),
        ),
      ],
      bars: [
        {
          what: `the word that is heard least, alone at ${SNR_DB} dB`,
          found: Math.min(...rates.map(({ percent }) => percent)),
          limit: HEARD_PERCENT,
          sense: "at least",
          unit: "%",
          indicative,
        },
        atMostNone("words taken for another one", wronglyTaken.length),
        atMostNone("refusals taken for consent", refusalsTaken.length),
        atMostNone("noises taken for consent", noisesTaken.length),
      ],
      notes: [
        `${heard.length} answers: ${words.length} words in ${voices.length} recordings each (six voices, and a seventh at six scales), ${repeats} times in pink noise`,
        `heard: ${rates.map(({ word, percent }) => `${word} ${percent.toFixed(1)} %`).join(", ")}`,
        `refusals ("No, I meant something else", "Stop", "Wait a moment", "Never mind") understood as such: ${refused.length - misheard.length} of ${refused.length}; the others ask again: ${misheard.map(({ text }) => `"${text}"`).join(", ") || "none"}`,
        `heard as something else: ${rates.flatMap(({ missed }) => missed).join(", ") || "nothing"}`,
      ],
    }
  })
}

const inNoise = ({ recording: { samples, label } }: Recorded, seed: number): Int16Array =>
  withNoise(joinSamples([samples, new Int16Array(msToSamples(TAIL_MS))]), {
    from: label.firstVoicedSample,
    to: label.lastVoicedSample,
    snrDb: SNR_DB,
    seed,
  })

const rateOf = (asked: ChallengeWord, heard: readonly Heard[]) => {
  const answers = heard.filter(({ word }) => word === asked.word)
  const missed = answers.filter((answer) => !grants(asked, answer))
  return {
    word: asked.word,
    count: answers.length,
    percent: (100 * (answers.length - missed.length)) / answers.length,
    missed: missed.map(({ text, confidence }) => `${asked.word} "${text}" (${confidence.toFixed(2)})`),
  }
}

const isTakenFor = (asked: ChallengeWord, answer: Heard): boolean =>
  answer.word !== asked.word && grants(asked, answer)

/** For a refusal the word does not matter, and confidence neither. */
const anyContext = { word: CHALLENGE_WORDS[0] ?? { word: "", spellings: [] }, otherWords: [], confidence: 1 }

const grants = (word: ChallengeWord, { text, confidence }: Omit<Heard, "word">): boolean =>
  readAnswer(text, {
    word,
    otherWords: CHALLENGE_WORDS.filter((other) => other !== word),
    confidence,
  }) === "granted"

/** Noises of one second, which is about as long as an answer. */
const takenNoises = async (
  stt: SpeechToText,
  quick: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const taken: string[] = []
  for (let seed = 0; seed < (quick ? 2 : 20); seed++) {
    for (const [name, samples] of noises(1, seed)) {
      signal.throwIfAborted()
      const heard = await Effect.runPromise(stt.transcribe(samples))
      if (CHALLENGE_WORDS.some((word) => grants(word, heard))) taken.push(`${name}: ${heard.text}`)
    }
  }
  return taken
}
