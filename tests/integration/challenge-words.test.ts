import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { withNoise } from "../../benchmarks/corpus/noise.ts"
import { joinSamples } from "../../src/audio/join-samples.ts"
import { resampleClip } from "../../src/audio/resampler.ts"
import { engine as moonshine } from "../../src/models/moonshine.ts"
import { engine as piper } from "../../src/models/piper.ts"
import type {
  LoadedEngine,
  SynthesizeInput,
  SynthesizeOutput,
  TranscribeInput,
  TranscribeOutput,
} from "../../src/ports/engine.ts"
import { CHALLENGE_WORDS, type ChallengeWord } from "../../src/security/confirmation/challenge-words.ts"
import { readAnswer } from "../../src/security/confirmation/consent-answer.ts"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { component, describeWith } from "../support/require-component.ts"

const RATE_HZ = 16_000
const SNR_DB = 20
/** As the conversation transcribes it: some sound around the answer. */
const AROUND = new Int16Array(RATE_HZ / 5)

describeWith("models", "challenge words, spoken and understood", () => {
  let voice: LoadedEngine<SynthesizeInput, never, SynthesizeOutput>
  let recogniser: LoadedEngine<TranscribeInput, never, TranscribeOutput>

  const filesOf = (id: string) => {
    const models = component("models")
    const folder = join(models.available ? models.path : "", id)
    const files = Object.fromEntries(readdirSync(folder).map((name) => [name, join(folder, name)]))
    return { files, sha256: {}, threads: 1 }
  }

  beforeAll(async () => {
    voice = await piper.load(filesOf("tts-piper-joe-medium"))
    recogniser = await moonshine.load(filesOf("stt-moonshine-tiny-en"))
  })

  afterAll(async () => {
    await voice.dispose()
    await recogniser.dispose()
  })

  const never = new AbortController().signal

  const heard = async (text: string, seed: number): Promise<TranscribeOutput> => {
    const spoken = await voice.infer({ text }, () => {}, never)
    const { samples } = await Effect.runPromise(resampleClip(spoken, RATE_HZ))
    const whole = joinSamples([AROUND, samples, AROUND])
    const span = { from: AROUND.length, to: whole.length - AROUND.length }
    return recogniser.infer({ samples: withNoise(whole, { ...span, snrDb: SNR_DB, seed }) }, () => {}, never)
  }

  const read = (word: ChallengeWord, { text, confidence }: TranscribeOutput) => {
    const otherWords = CHALLENGE_WORDS.filter((other) => other !== word)
    return readAnswer(text, { word, otherWords, confidence })
  }

  // Every word in every voice is what `npm run bench -- challenge-words` is for.
  it("a sample of the words, alone at 20 dB, is consent to itself and to no other word", async () => {
    let granted = 0
    const sample = CHALLENGE_WORDS.filter((_, at) => at % 2 === 0)
    for (const [seed, word] of sample.entries()) {
      const answer = await heard(`${word.word}.`, seed)
      if (read(word, answer) === "granted") granted += 1
      for (const other of CHALLENGE_WORDS) {
        if (other !== word) expect(`${answer.text}: ${read(other, answer)}`).not.toMatch(/: granted$/)
      }
    }
    // The voice is a little different each time it speaks.
    expect(granted).toBeGreaterThanOrEqual(sample.length - 1)
  })

  it("refusals are understood as such, and never as consent", async () => {
    const texts = ["No.", "Stop.", "No, don't do that.", "Wait a moment.", "Never mind.", "Okay wait, don't."]
    let denied = 0
    for (const [seed, text] of texts.entries()) {
      const answer = await heard(text, seed)
      const readings = CHALLENGE_WORDS.map((word) => read(word, answer))
      expect(readings, answer.text).not.toContain("granted")
      if (readings.includes("deny")) denied += 1
    }
    expect(denied).toBeGreaterThanOrEqual(texts.length - 1)
  })

  it("our own question, heard back, is no consent", async () => {
    const request = { origin: "phrase", operationKey: "k", spoken: "restart the server", hash: "h" } as const
    for (let seed = 0; seed < 4; seed++) {
      const question = makeConfirmationDesk({ random: () => seed }).open(request, 0)?.question ?? ""
      const answer = await heard(question, seed)
      expect(answer.text.split(" ").length).toBeGreaterThan(5)
      for (const word of CHALLENGE_WORDS) expect(read(word, answer)).not.toBe("granted")
    }
  })
})
