import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { judgeConsent } from "../../../src/actors/turn/judge-consent.ts"
import type { ConsentInput } from "../../../src/machines/conversation/conversation-types.ts"
import { ModelError } from "../../../src/models/model-error.ts"
import type { ConsentAnswer } from "../../../src/ports/consent.ts"
import type { SpeechToText } from "../../../src/ports/speech.ts"
import { answering } from "../../support/answering.ts"

const key = { turnId: "t", revision: 0 }
const question = "Restart n8n? To confirm, say tango."

/** What the guard is told of an answer from 5,000 to 5,600 ms to a question that ended at 4,500 ms. */
const judged = async (stt: SpeechToText, times: Partial<ConsentInput> = {}) => {
  const answers: ConsentAnswer[] = []
  const { services, ledger } = answering({ stt })
  ledger.revise(key).reply.push("One moment.", question)
  const judge = judgeConsent({
    ...services,
    consent: {
      answer: (answer) =>
        Effect.sync(() => {
          answers.push(answer)
          return "denied" as const
        }),
      withdraw: () => Effect.void,
    },
    echoSuspect: () => false,
  })
  const input: ConsentInput = {
    ...key,
    consentId: "k",
    fromMs: 5000,
    toMs: 5600,
    questionEndMs: 4500,
    ...times,
  }
  const events = await Effect.runPromise(Stream.runCollect(judge(input)))
  return { answers, events: [...events] }
}

const hears = (text: string, confidence = 0.9): SpeechToText => ({
  transcribe: () => Effect.succeed({ text, confidence, inferenceMs: 1 }),
})
const early = { fromMs: 3000, toMs: 3600, questionEndMs: 4500 }

describe("the answer to a question of the guard's", () => {
  it("is handed over as it was heard, with its moments, once", async () => {
    const { answers, events } = await judged(hears("Tango."))
    expect(answers).toEqual([
      {
        type: "spoken",
        consentId: "k",
        transcript: "Tango.",
        confidence: 0.9,
        audioStartMs: 5000,
        questionEndMs: 4500,
        echoSuspect: false,
      },
    ])
    expect(events).toEqual([{ type: "consent.judged", consentId: "k" }])
  })

  it.each(["No.", "No, stop.", "Yes.", "Okay wait, don't.", "No, restart n8n", "Uh uh.", "tango no"])(
    "is handed over when it began before the question's end: %s",
    async (text) => {
      const { answers } = await judged(hears(text), early)
      expect(answers).toMatchObject([{ transcript: text, audioStartMs: 3000, questionEndMs: 4500 }])
    },
  )

  it.each([
    ["nothing", "", 0.9],
    ["a full stop", " . ", 0.9],
    ["a figure out of noise", "2.", 0.9],
    ["a cough", "Huh?", 0.9],
    ["what the recogniser invents", "You", 0.9],
    ["words that nobody spoke", "I am the king.", 0.2],
  ])("is none where it is %s, and the guard is not told", async (_, text, confidence) => {
    const { answers, events } = await judged(hears(text, confidence))
    expect(answers).toEqual([])
    expect(events).toMatchObject([{ type: "consent.unheard", consentId: "k" }])
  })

  it.each(["restart n eight n", "To confirm, say", "Tango", "say tango", "Restart N8N?"])(
    "is none where it is Jett's own voice over its question: %s",
    async (text) => {
      const { answers } = await judged(hears(text), early)
      expect(answers).toEqual([])
    },
  )

  it("may be Jett's own words once Jett is silent", async () => {
    const { answers } = await judged(hears("say tango"))
    expect(answers).toHaveLength(1)
  })

  it("is silence where its time ran out in the middle, or it cannot be transcribed", async () => {
    const stt: SpeechToText = {
      transcribe: () =>
        Effect.fail(new ModelError({ model: "stt", reason: "died", message: "it was killed" })),
    }
    for (const { answers } of [await judged(hears("Tango."), { toMs: 0 }), await judged(stt)])
      expect(answers).toMatchObject([{ transcript: "", confidence: 0 }])
  })
})
