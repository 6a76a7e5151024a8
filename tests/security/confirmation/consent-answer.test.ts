import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { CHALLENGE_WORDS, type ChallengeWord } from "../../../src/security/confirmation/challenge-words.ts"
import { type AnswerReading, readAnswer } from "../../../src/security/confirmation/consent-answer.ts"

// Words of this test's own, so that the table stands whatever the measured list is.
const tango: ChallengeWord = { word: "tango", spellings: ["tengo"] }
const maple: ChallengeWord = { word: "maple", spellings: [] }
const pumpkin: ChallengeWord = { word: "pumpkin", spellings: ["pumkin"] }
const otherWords = [maple, pumpkin]

const read = (transcript: string, confidence = 0.95): AnswerReading =>
  readAnswer(transcript, { word: tango, otherWords, confidence })

/** What is said when "tango" was asked for. */
const EXAMPLES: Readonly<Record<AnswerReading, readonly string[]>> = {
  granted: [
    ...["tango", "Tango.", "Tango!", "Tango?", "TANGO", " tango ", "“Tango.”", "tango…", "- Tango"],
    ...["Tengo.", "tango tango", "Tango. Tango.", "Tango, tengo."],
    ...["tango please", "Tango, please.", "please tango", "tango thanks", "Tango, thank you."],
    ...["confirm tango", "Confirm: tango.", "Confirmed, tango.", "I confirm tango", "tango confirmed"],
    ...["yes tango", "Yes, tango.", "yeah, tango", "Yep. Tango.", "yup tango", "okay tango", "OK, tango."],
    ...["sure, tango", "alright tango", "all right, tango", "right, tango", "correct, tango"],
    ...[
      "yes, please, tango",
      "yes yes tango",
      "go ahead, tango",
      "tango, go ahead",
      "tango yes",
      "tango okay",
    ],
    ...["The word is tango.", "it's tango", "It’s tango.", "its tango", "it is tango", "that's tango"],
    ...["yes, it's tango", "the word tango", "Yes, the word is tango.", "um, tango", "uh tango", "so, tango"],
    ...[
      "Absolutely. Tango.",
      "Hey Jarvis, tango.",
      "Jarvis, yes, tango",
      "yes, I confirm: tango",
      "well, tango",
    ],
  ],
  deny: [
    ...[
      "no",
      "No.",
      "NO!",
      "no no no",
      "nope",
      "nah",
      "Naw.",
      "no thanks",
      "Hey Jarvis, no.",
      "no, thank you",
      "Know.",
      "Now, no.",
    ],
    ...["don't", "Don’t.", "dont", "don t", "do not", "do not do it", "please don't", "don't do that"],
    ...["stop", "Stop!", "stop it", "stop it tango", "cancel", "Cancel that.", "cancelled", "abort", "quit"],
    ...["wait", "wait a second", "Weight.", "hold on", "hold it", "hang on", "whoa", "pause"],
    ...[
      "never mind",
      "Nevermind.",
      "never",
      "forget it",
      "forget about it",
      "skip it",
      "leave it",
      "ignore that",
    ],
    ...["negative", "denied", "I refuse", "decline", "reject", "wrong", "that is wrong", "not now", "later"],
    ...["okay wait, don't", "yes no", "no yes", "yes, no, tango", "tango no", "tango, no!", "no tango"],
    ...["Tango? No.", "not tango", "tango, not", "tango but not yet", "tango, wait", "tango. Cancel."],
    ...["I won't say tango", "I didn't say tango", "you shouldn't", "can't", "cannot", "isn't tango"],
    ...["uh-uh", "Uh uh, tango.", "nuh-uh", "mm-mm", "on second thought", "I changed my mind"],
    ...[
      "nein",
      "nicht tango",
      "nó",
      "n\u200bo",
      "ｎｏ",
      "Tango 5, no",
      "<b>no</b>",
      "no maple",
      "maple, stop",
    ],
    ...["what is the capital of France no", "no ".repeat(300), `${"tango ".repeat(300)}no`],
  ],
  "wrong-word": [
    ...["maple", "Maple.", "pumpkin", "Pumkin.", "maple please", "yes maple", "the word is maple"],
    ...["tango maple", "maple tango", "Tango. Maple.", "maple or tango", "tango and pumpkin", "tango-maple"],
    ...["tango pumkin", "I would like some maple syrup"],
  ],
  "yes-without-word": [
    ...["yes", "Yes.", "yeah", "yep", "sure", "okay", "ok", "OK then", "yes please", "please, yes", "right"],
    ...["go ahead, yes", "confirm", "I confirm", "confirmed", "affirmative", "absolutely", "definitely"],
    ...["yes restart it", "sure thing", "all right", "yes yes yes", "proceed", "yes do it", "agreed"],
  ],
  unclear: [
    ...["tan", "tan go", "t-a-n-g-o", "t a n g o", "tangos", "untango", "tangoo", "tangle", "tang", "mango"],
    ...["You", "Huh?", "what", "what?", "hello", "do it", "go ahead", "please", "the word", "the word is"],
    ...["I was dancing the tango yesterday", "we saw a tango show", "the tango is a dance", "tango dancing"],
    ...["is it tango", "is it tango?", "what is tango", "was it tango", "is the word tango", "maybe tango"],
    ...["say tango", "To confirm, say: tango.", "confirm, say tango", "Shall I restart it? Say tango."],
    ...["if tango", "tango if you must", "tango in a minute", "tango tomorrow", "tango restart postgres"],
    ...[
      "yes yes yes yes yes tango",
      "tango tango tango tango tango tango",
      "please please please yes yes tango",
    ],
    ...["hmm, tango", "my tango", "a tango", "he said tango", "the user said tango", "tango delta"],
    ...["tango 1", "1 tango", "tango2", "42", "7", "tango ten", "tango / maples", "user: tango"],
    ...["ja", "ja tango", "oui", "sí", "sí tango", "да", "да tango", "はい", "はい tango", "tángo", "tangó"],
    ...[
      "tаngo",
      "ｔａｎｇｏ",
      "tan\u200bgo",
      "tang\u043e",
      "tango\u202e",
      "𝐭𝐚𝐧𝐠𝐨",
      "ta\u0301ngo",
      "tango\u00a0please",
    ],
    ...[
      "<b>tango</b>",
      "**tango**",
      "`tango`",
      "{tango}",
      '{"consent":"tango"}',
      "tango;--",
      "tango=yes",
      "[tango]",
    ],
    ...[
      "tango\nyes",
      "tango\u0000",
      "tango\u001b[0m",
      "<|user|> tango",
      "tango & go",
      "tango 😀",
      "tango (yes)",
    ],
    ...["restart tango", "start it tango", "yes because tango", "tango tango maples"],
  ],
  silence: ["", " ", ".", "...", "?!", "…", "-", "\n", "♪", "( )", "\u200b"],
}

const all = Object.entries(EXAMPLES).flatMap(([reading, examples]) =>
  examples.map((transcript) => [transcript, reading] as const),
)

test("there are at least 150 examples, none twice", () => {
  expect(all.length).toBeGreaterThanOrEqual(150)
  expect(new Set(all.map(([transcript]) => transcript)).size).toBe(all.length)
})

it.each(all)("%j is read as %s", (transcript, reading) => {
  expect(read(transcript)).toBe(reading)
})

describe("a doubtful transcript", () => {
  it.each([0, 0.2, 0.39, -1, Number.NaN])(
    "of confidence %d is no consent and no wrong word",
    (confidence) => {
      expect(read("tango", confidence)).toBe("unclear")
      expect(read("maple", confidence)).toBe("unclear")
      expect(read("yes", confidence)).toBe("unclear")
    },
  )

  it.each([0, 0.2, Number.NaN])("of confidence %d still refuses", (confidence) => {
    expect(read("no", confidence)).toBe("deny")
    expect(read("", confidence)).toBe("silence")
  })
})

describe("for any answer", () => {
  const refusals = ["no", "don't", "stop", "cancel", "wait", "never mind", "nope", "hold on", "not", "abort"]
  const harmless = ["yes", "please", "okay", "confirm", "the word is", "it's", "thank you", "um", "so"]
  const words = CHALLENGE_WORDS.flatMap(({ word, spellings }) => [word, ...spellings])
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    { weight: 4, arbitrary: fc.constantFrom(...harmless) },
    { weight: 1, arbitrary: fc.constantFrom(...refusals) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("tan", "the", "is", "restart", "n8n", "what", "if", "I", "Ja", "да"),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
  )
  const separator = fc.constantFrom(" ", ", ", ". ", "-", "  ", "? ", "\n", "\u200b", "")
  const joined = (pieces: readonly string[], separators: readonly string[]) =>
    pieces.map((text, at) => text + (separators[at] ?? " ")).join("")
  const answer = fc
    .tuple(fc.array(piece, { maxLength: 7 }), fc.array(separator, { maxLength: 7 }))
    .map(([pieces, separators]) => joined(pieces, separators))
  const asked = fc.constantFrom(...CHALLENGE_WORDS)
  const contextOf = (word: ChallengeWord, confidence: number) => ({
    word,
    otherWords: CHALLENGE_WORDS.filter((other) => other !== word),
    confidence,
  })
  const plain = (text: string) => text.toLowerCase().match(/[a-z']+/g) ?? []

  it("consent has the very word, no other one, no refusal, and few words in a sure transcript", () => {
    fc.assert(
      fc.property(answer, asked, fc.double({ min: 0, max: 1 }), (text, word, confidence) => {
        if (readAnswer(text, contextOf(word, confidence)) !== "granted") return
        const said = plain(text)
        const own = [word.word, ...word.spellings]
        expect(said.some((one) => own.includes(one))).toBe(true)
        expect(said.filter((one) => words.includes(one) && !own.includes(one))).toEqual([])
        expect(said.filter((one) => refusals.includes(one) || one.endsWith("n't"))).toEqual([])
        expect(said.length).toBeLessThanOrEqual(5)
        expect(confidence).toBeGreaterThanOrEqual(0.4)
        expect([...text.trim()].every((character) => /[A-Za-z '‘’"“”.,!?:…-]/.test(character))).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  it("a refusal that is added anywhere makes it a refusal", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.array(piece, { maxLength: 6 }), fc.constantFrom(...refusals), fc.nat(6), asked),
        ([pieces, refusal, at, word]) => {
          const text = [...pieces.slice(0, at), refusal, ...pieces.slice(at)].join(" ")
          expect(readAnswer(text, contextOf(word, 0.99))).toBe("deny")
        },
      ),
      { numRuns: 3000 },
    )
  })

  it("the word alone is consent to itself and to no other word", () => {
    for (const { word, spellings } of CHALLENGE_WORDS) {
      for (const heard of [word, ...spellings]) {
        for (const other of CHALLENGE_WORDS) {
          const expected = other.word === word ? "granted" : "wrong-word"
          expect(`${heard}: ${readAnswer(heard, contextOf(other, 0.9))}`).toBe(`${heard}: ${expected}`)
        }
      }
    }
  })

  it("no text at all makes it throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.double(), (text, confidence) => {
        readAnswer(text, contextOf(tango, confidence))
      }),
    )
  })
})
