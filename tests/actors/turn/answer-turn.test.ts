import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { expect, it, vi } from "vitest"
import type { TypedTurn } from "../../../src/actors/turn/answer-services.ts"
import type { TurnEvent } from "../../../src/machines/conversation/conversation-types.ts"
import { ModelError } from "../../../src/models/model-error.ts"
import { answering } from "../../support/answering.ts"
import { FakeLanguageModel, says, saysAndDies } from "../../support/fake-language-model.ts"

const failure = (model: string) =>
  new ModelError({ model, reason: "died", message: `${model}: its host was killed` })

const types = (events: readonly TurnEvent[]) => events.map(({ type }) => type)
const turnOver = () => new Promise((resolve) => setTimeout(resolve, 10))

it("answers a fixed phrase: understood, one clause, written; and nothing is heard before it is opened", async () => {
  const { events, run, turn, queued, services } = answering({
    heard: { text: "Hey Jarvis, what time is it?" },
  })
  await run()
  expect(events).toMatchObject([
    { type: "turn.understood", verdict: "phrase" },
    { type: "turn.clause" },
    { type: "turn.written", aftermath: "none", asksQuestion: false },
  ])
  expect(turn()).toMatchObject({ transcript: "Hey Jarvis, what time is it?", route: "phrase" })
  expect(turn().reply.join(" ")).toMatch(/^It's (noon|twelve)/)
  expect(queued).toEqual([])
  services.output.open({ turnId: "t", revision: 0 })
  expect(queued).toEqual(["t/0#0"])
})

it("tells the machine no word of what was said", async () => {
  const { events, run } = answering({ heard: { text: "What about my secret diary?" } })
  await run()
  expect(JSON.stringify(events)).not.toMatch(/secret|diary|Very well/i)
})

it("answers a free question clause by clause, and gives a typed one the text as it is written", async () => {
  const pieces: string[] = []
  const model = new FakeLanguageModel(() => says("The sky is blue. Is that all?"))
  const { events, run, turn } = answering({
    model: model.choice,
    typed: { mode: "ask", text: "Why is the sky blue?", onText: (piece) => pieces.push(piece) },
  })
  await run()
  expect(types(events)).toEqual(["turn.understood", "turn.clause", "turn.clause", "turn.written"])
  expect(events.at(-1)).toMatchObject({ asksQuestion: true })
  expect(pieces.join("")).toBe("The sky is blue. Is that all?")
  expect(turn()).toMatchObject({ route: "llm", reply: ["The sky is blue.", "Is that all?"] })
})

it("says why there is no memory for the language model, in one sentence, and the turn ends", async () => {
  const model = new FakeLanguageModel()
  const message = "Other programs use the graphics memory that I need for the language model."
  model.preload = Effect.fail(new ModelError({ model: "m", reason: "refused", message }))
  const { events, run, turn } = answering({ model: model.choice, heard: { text: "Why is the sky blue?" } })
  await run()
  expect(types(events)).toEqual(["turn.understood", "turn.clause", "turn.written"])
  expect(turn().reply).toEqual([message])
  expect(model.requests).toEqual([])
})

it("says who answered after the answer, once, and only for a revision that is heard", async () => {
  const model = new FakeLanguageModel()
  let text: string | undefined = "A small model answers."
  const choice = model.choice.type === "chosen" ? model.choice : expect.fail("there is a model")
  const { start, commitments, turn, events } = answering({
    heard: { text: "Why is the sky blue?" },
    model: {
      ...choice,
      model: {
        ...choice.model,
        get spokenNotice() {
          return text === undefined ? undefined : { text, taken: () => (text = undefined) }
        },
      },
    },
  })
  const superseded = start()
  await vi.waitFor(() => expect(turn().reply).toEqual(["Very well."]))
  await turnOver()
  expect([turn().reply, text]).toEqual([["Very well."], "A small model answers."])
  await Effect.runPromise(Fiber.interrupt(superseded))

  const heard = start({ revision: 1 })
  commitments.commit({ turnId: "t", revision: 1 })
  await Effect.runPromise(Fiber.join(heard))
  expect([turn().reply, text]).toEqual([["Very well.", "A small model answers."], undefined])
  expect(turn().remembered).toBe("Very well.")
  expect(events.at(-1)).toMatchObject({ type: "turn.written" })
})

it.each([
  ["refused", "There is not enough memory in this computer for speech recognition."],
  ["died", "Sorry, something went wrong there."],
] as const)("apologises for speech to text that is %s in these words: %s", async (reason, said) => {
  const message = "There is not enough memory in this computer for speech recognition."
  const stt = { transcribe: () => Effect.fail(new ModelError({ model: "stt", reason, message })) }
  const { events, run, turn } = answering({ stt })
  await run()
  expect(events).toMatchObject([{ type: "turn.failed", reason: `ModelFailure: ${reason}` }])
  await run({ source: "notice", notice: "failed", revision: 1 })
  expect(turn().reply).toEqual([said])
})

it("forgets with the next revision why an earlier one got no answer", async () => {
  const message = "There is not enough memory in this computer for speech recognition."
  const reasons = ["refused", "died"] as const
  let asked = 0
  const transcribe = () =>
    Effect.fail(new ModelError({ model: "stt", reason: reasons[asked++] ?? "died", message }))
  const { run, turn } = answering({ stt: { transcribe } })
  await run()
  await run({ revision: 1 })
  await run({ source: "notice", notice: "failed", revision: 2 })
  expect(turn().reply).toEqual(["Sorry, something went wrong there."])
})

it.each([
  ["a cough", { text: "Huh?" }, 300],
  ["hardly any voice", { text: "What time is it?" }, 100],
  ["no word", { text: " ... " }, 800],
])("makes nothing of %s", async (_, heard, voicedMs) => {
  const { events, run } = answering({ heard, voicedMs })
  await run()
  expect(events).toMatchObject([{ type: "turn.understood", verdict: "nothing" }, { type: "turn.written" }])
})

it("does not answer to another name, though the wake word was scored", async () => {
  const { events, run, ledger } = answering({ heard: { text: "Hey Travis, what time is it?" } })
  ledger.noteWake("t", { score: 0.9, atMs: 1 })
  ledger.open("t", "voice")
  await run()
  expect(events[0]).toMatchObject({ verdict: "not-for-us" })
})

it("asks again where it is not sure of the words, and calls no model", async () => {
  const model = new FakeLanguageModel()
  const { run, turn } = answering({
    heard: { text: "There's no but in it", confidence: 0.35 },
    model: model.choice,
  })
  await run()
  expect(turn().reply.join(" ")).toMatch(/say it again\?$/)
  expect(model.requests).toEqual([])
})

it("changes the volume only once the turn is committed, and never for a superseded one", async () => {
  const { commitments, start, volumes } = answering({ heard: { text: "Louder." } })
  const fiber = start()
  await turnOver()
  expect(volumes).toEqual([])
  commitments.commit({ turnId: "t", revision: 1 })
  await turnOver()
  expect(volumes).toEqual([])
  commitments.commit({ turnId: "t", revision: 0 })
  await Effect.runPromise(Fiber.join(fiber))
  expect(volumes).toEqual([1])
})

it("says what it was given to say, in clauses, without asking any model", async () => {
  const model = new FakeLanguageModel()
  const typed: TypedTurn = { mode: "say", text: "The backup is done. All is well.", onText: () => {} }
  const { run, events, turn } = answering({ typed, model: model.choice })
  await run()
  expect(types(events)).toEqual(["turn.clause", "turn.clause", "turn.written"])
  expect(turn().reply).toEqual(["The backup is done.", "All is well."])
  expect(model.requests).toEqual([])
})

it("rings before what is to be rung, while the words are still being synthesised", async () => {
  const synthesised = Deferred.makeUnsafe<void>()
  const typed: TypedTurn = { mode: "say", text: "Your pasta timer is done.", rings: true, onText: () => {} }
  const { services, start, events, queued } = answering({
    typed,
    tts: {
      synthesize: () =>
        Effect.as(Deferred.await(synthesised), {
          samples: new Int16Array(100),
          rateHz: 1000,
          inferenceMs: 1,
        }),
    },
  })
  const key = { turnId: "t", revision: 0 }
  const fiber = start()
  await vi.waitFor(() => expect(types(events)).toEqual(["turn.clause"]))
  services.output.open(key)
  expect(queued).toEqual(["t/0#0"])
  Deferred.doneUnsafe(synthesised, Effect.void)
  await Effect.runPromise(Fiber.join(fiber))
  expect(queued).toEqual(["t/0#0", "t/0#1"])
  for (const clipId of queued) services.output.clipFinished(clipId)
  expect(services.output.close(key).heard).toBe("Your pasta timer is done.")
})

it("tells that speech to text failed, by its reason and never by its words", async () => {
  const { events, run } = answering({ stt: { transcribe: () => Effect.fail(failure("stt")) } })
  await run()
  expect(events).toEqual([{ type: "turn.failed", turnId: "t", revision: 0, reason: "ModelFailure: died" }])
})

it("says what was whole when the model dies, and a word about it", async () => {
  const model = new FakeLanguageModel(() => saysAndDies("The sky is blue. And the"))
  const { events, run, turn } = answering({ heard: { text: "Why is the sky blue?" }, model: model.choice })
  await run()
  expect(turn().reply[0]).toBe("The sky is blue.")
  expect(turn().reply.at(-1)).toBe("Sorry, something went wrong there.")
  expect(events.at(-1)).toMatchObject({ type: "turn.failed" })
})

it("shows the text and sounds a tone where there is no voice, and says that the voice is away", async () => {
  const { events, run, turn, parts } = answering({
    heard: { text: "What time is it?" },
    tts: { synthesize: () => Effect.fail(failure("tts")) },
  })
  await run()
  expect(types(events)).toEqual(["turn.understood", "turn.clause", "turn.written"])
  expect(turn().reply).toHaveLength(1)
  expect(parts).toEqual(["tts down"])
})

it("says that only phrases work where there is no language model", async () => {
  const { run, turn } = answering({
    heard: { text: "Why is the sky blue?" },
    model: { type: "none", notice: "no model" },
  })
  await run()
  expect(turn()).toMatchObject({ route: "none" })
  expect(turn().reply.join(" ")).toMatch(/fixed phrases/)
})

it("cancels the generation when the turn is", async () => {
  const model = new FakeLanguageModel(() => Stream.never)
  const { start } = answering({ heard: { text: "Why is the sky blue?" }, model: model.choice })
  const fiber = start()
  await vi.waitFor(() => expect(model.running).toBe(1))
  await Effect.runPromise(Fiber.interrupt(fiber))
  await vi.waitFor(() => expect(model.running).toBe(0))
})

it("never speaks its own wake word", async () => {
  const spoken: string[] = []
  const model = new FakeLanguageModel(() => says("Just say hey Jarvis to me."))
  const { run } = answering({
    heard: { text: "How do I call you?" },
    model: model.choice,
    tts: {
      synthesize: (text) => {
        spoken.push(text)
        return Effect.succeed({ samples: new Int16Array(10), rateHz: 1000, inferenceMs: 1 })
      },
    },
  })
  await run()
  expect(spoken.join(" ")).not.toMatch(/jarvis/i)
  expect(spoken.join(" ")).toMatch(/my wake word/)
})
