import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { expect, it, vi } from "vitest"
import { SimulatedClock } from "xstate"
import { ModelError } from "../../../src/actors/models/model-failure.ts"
import type { AnswerServices, TypedTurn } from "../../../src/actors/turn/answer-services.ts"
import { answerTurn } from "../../../src/actors/turn/answer-turn.ts"
import { Commitments } from "../../../src/actors/turn/commitments.ts"
import { ConversationHistory } from "../../../src/actors/turn/conversation-history.ts"
import { TurnLedger } from "../../../src/actors/turn/turn-ledger.ts"
import { PendingWork } from "../../../src/actors/voice/pending-work.ts"
import { SpeechOutput } from "../../../src/actors/voice/speech-output.ts"
import { Timebase } from "../../../src/actors/voice/timebase.ts"
import { AudioClock } from "../../../src/audio/audio-clock.ts"
import type { AnswerInput, TurnEvent } from "../../../src/machines/conversation/conversation-types.ts"
import type { LanguageModelChoice } from "../../../src/ports/language-model.ts"
import type { Transcript } from "../../../src/ports/speech.ts"
import { disconnectedTools } from "../../../src/tools/disconnected.ts"
import { FakeLanguageModel, says, saysAndDies } from "../../support/fake-language-model.ts"

const failure = (model: string) =>
  new ModelError({ model, reason: "died", message: `${model}: its host was killed` })

const noon = { hour: 12, minute: 0, weekday: 1, day: 2, month: 3, year: 2026, hourFormat: 12 } as const

/** The answering of one turn over fakes: what was told to the conversation, and what waits to be heard. */
const make = (
  given: {
    readonly heard?: Partial<Transcript>
    readonly stt?: AnswerServices["stt"]
    readonly tts?: AnswerServices["tts"]
    readonly model?: LanguageModelChoice
    readonly typed?: TypedTurn
    readonly voicedMs?: number
  } = {},
) => {
  const audio = new AudioClock()
  const commitments = new Commitments()
  const ledger = new TurnLedger()
  const volumes: number[] = []
  const parts: string[] = []
  const transcript: Transcript = { text: "", confidence: 0.9, inferenceMs: 5, ...given.heard }
  const queued: string[] = []
  const player = {
    enqueue: (clipId: string) => {
      queued.push(clipId)
    },
    pause: () => {},
    resume: () => {},
    flush: () => new Map<string, number>(),
  }
  const services: AnswerServices = {
    hearing: {
      sound: () => new Int16Array(16_000),
      voicedMs: () => given.voicedMs ?? 800,
    },
    stt: given.stt ?? { transcribe: () => Effect.succeed(transcript) },
    tts: given.tts ?? {
      synthesize: (text) =>
        Effect.succeed({ samples: new Int16Array(10 * text.length), rateHz: 1000, inferenceMs: 1 }),
    },
    languageModel: Effect.succeed(given.model ?? new FakeLanguageModel().choice),
    systemPrompt: "You are Jett.",
    maxReplyTokens: 64,
    tools: disconnectedTools,
    withdrawConsent: () => Effect.void,
    output: new SpeechOutput(player, () => {}),
    outputRateHz: 1000,
    ledger,
    history: new ConversationHistory({ idleMs: 60_000, now: () => 0 }),
    timebase: new Timebase({ audio, monotonic: new SimulatedClock(), simulated: true }),
    pending: new PendingWork(),
    typed: () => given.typed,
    committed: (key) => commitments.wait(key),
    phrases: {
      facts: (lastReply) => ({ now: noon, lastReply, status: "All is well.", hasContainers: false }),
      changeVolume: (step) => volumes.push(step),
    },
    onPart: (part, up) => parts.push(`${part} ${up ? "up" : "down"}`),
  }
  const input: AnswerInput = {
    turnId: "t",
    revision: 0,
    source: given.typed === undefined ? "voice" : "text",
    fromMs: 0,
    toMs: 900,
    notice: undefined,
  }
  const events: TurnEvent[] = []
  const start = (more: Partial<AnswerInput> = {}) =>
    Effect.runFork(
      Stream.runForEach(answerTurn(services)({ ...input, ...more }), (event) =>
        Effect.sync(() => events.push(event)),
      ),
    )
  const run = (more?: Partial<AnswerInput>) => Effect.runPromise(Fiber.join(start(more)))
  const turn = () => ledger.revise({ turnId: "t", revision: 0 })
  return { services, commitments, ledger, volumes, parts, queued, events, start, run, turn }
}

const types = (events: readonly TurnEvent[]) => events.map(({ type }) => type)
const turnOver = () => new Promise((resolve) => setTimeout(resolve, 10))

it("answers a fixed phrase: understood, one clause, written; and nothing is heard before it is opened", async () => {
  const { events, run, turn, queued, services } = make({ heard: { text: "Hey Jarvis, what time is it?" } })
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
  const { events, run } = make({ heard: { text: "What about my secret diary?" } })
  await run()
  expect(JSON.stringify(events)).not.toMatch(/secret|diary|Very well/i)
})

it("answers a free question clause by clause, and gives a typed one the text as it is written", async () => {
  const pieces: string[] = []
  const model = new FakeLanguageModel(() => says("The sky is blue. Is that all?"))
  const { events, run, turn } = make({
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
  const { events, run, turn } = make({ model: model.choice, heard: { text: "Why is the sky blue?" } })
  await run()
  expect(types(events)).toEqual(["turn.understood", "turn.clause", "turn.written"])
  expect(turn().reply).toEqual([message])
  expect(model.requests).toEqual([])
})

it.each([
  ["a cough", { text: "Huh?" }, 300],
  ["hardly any voice", { text: "What time is it?" }, 100],
  ["no word", { text: " ... " }, 800],
])("makes nothing of %s", async (_, heard, voicedMs) => {
  const { events, run } = make({ heard, voicedMs })
  await run()
  expect(events).toMatchObject([{ type: "turn.understood", verdict: "nothing" }, { type: "turn.written" }])
})

it("does not answer to another name, though the wake word was scored", async () => {
  const { events, run, ledger } = make({ heard: { text: "Hey Travis, what time is it?" } })
  ledger.noteWake("t", { score: 0.9, atMs: 1 })
  ledger.open("t", "voice")
  await run()
  expect(events[0]).toMatchObject({ verdict: "not-for-us" })
})

it("asks again where it is not sure of the words, and calls no model", async () => {
  const model = new FakeLanguageModel()
  const { run, turn } = make({
    heard: { text: "There's no but in it", confidence: 0.35 },
    model: model.choice,
  })
  await run()
  expect(turn().reply.join(" ")).toMatch(/say it again\?$/)
  expect(model.requests).toEqual([])
})

it("changes the volume only once the turn is committed, and never for a superseded one", async () => {
  const { commitments, start, volumes } = make({ heard: { text: "Louder." } })
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
  const { run, events, turn } = make({ typed, model: model.choice })
  await run()
  expect(types(events)).toEqual(["turn.clause", "turn.clause", "turn.written"])
  expect(turn().reply).toEqual(["The backup is done.", "All is well."])
  expect(model.requests).toEqual([])
})

it("tells that speech to text failed, by its reason and never by its words", async () => {
  const { events, run } = make({ stt: { transcribe: () => Effect.fail(failure("stt")) } })
  await run()
  expect(events).toEqual([{ type: "turn.failed", turnId: "t", revision: 0, reason: "ModelFailure: died" }])
})

it("says what was whole when the model dies, and a word about it", async () => {
  const model = new FakeLanguageModel(() => saysAndDies("The sky is blue. And the"))
  const { events, run, turn } = make({ heard: { text: "Why is the sky blue?" }, model: model.choice })
  await run()
  expect(turn().reply[0]).toBe("The sky is blue.")
  expect(turn().reply.at(-1)).toBe("Sorry, something went wrong there.")
  expect(events.at(-1)).toMatchObject({ type: "turn.failed" })
})

it("shows the text and sounds a tone where there is no voice, and says that the voice is away", async () => {
  const { events, run, turn, parts } = make({
    heard: { text: "What time is it?" },
    tts: { synthesize: () => Effect.fail(failure("tts")) },
  })
  await run()
  expect(types(events)).toEqual(["turn.understood", "turn.clause", "turn.written"])
  expect(turn().reply).toHaveLength(1)
  expect(parts).toEqual(["tts down"])
})

it("says that only phrases work where there is no language model", async () => {
  const { run, turn } = make({
    heard: { text: "Why is the sky blue?" },
    model: { type: "none", notice: "no model" },
  })
  await run()
  expect(turn()).toMatchObject({ route: "none" })
  expect(turn().reply.join(" ")).toMatch(/fixed phrases/)
})

it("cancels the generation when the turn is", async () => {
  const model = new FakeLanguageModel(() => Stream.never)
  const { start } = make({ heard: { text: "Why is the sky blue?" }, model: model.choice })
  const fiber = start()
  await vi.waitFor(() => expect(model.running).toBe(1))
  await Effect.runPromise(Fiber.interrupt(fiber))
  await vi.waitFor(() => expect(model.running).toBe(0))
})

it("never speaks its own wake word", async () => {
  const spoken: string[] = []
  const model = new FakeLanguageModel(() => says("Just say hey Jarvis to me."))
  const { run } = make({
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
