import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { SimulatedClock } from "xstate"
import type { AnswerServices, TypedTurn } from "../../src/actors/turn/answer-services.ts"
import { answerTurn } from "../../src/actors/turn/answer-turn.ts"
import { Commitments } from "../../src/actors/turn/commitments.ts"
import { ConversationHistory } from "../../src/actors/turn/conversation-history.ts"
import { TurnLedger } from "../../src/actors/turn/turn-ledger.ts"
import { PendingWork } from "../../src/actors/voice/pending-work.ts"
import { SpeechOutput } from "../../src/actors/voice/speech-output.ts"
import { Timebase } from "../../src/actors/voice/timebase.ts"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import type { AnswerInput, TurnEvent } from "../../src/machines/conversation/conversation-types.ts"
import type { LanguageModelChoice } from "../../src/ports/language-model.ts"
import type { Transcript } from "../../src/ports/speech.ts"
import type { Tools } from "../../src/ports/tools.ts"
import { FakeLanguageModel } from "./fake-language-model.ts"
import { noTools } from "./no-guard.ts"

const noon = { hour: 12, minute: 0, weekday: 1, day: 2, month: 3, year: 2026, hourFormat: 12 } as const

/** The answering of one turn over fakes: what was told to the conversation, and what waits to be heard. */
export const answering = (
  given: {
    readonly heard?: Partial<Transcript>
    readonly stt?: AnswerServices["stt"]
    readonly tts?: AnswerServices["tts"]
    readonly model?: LanguageModelChoice
    readonly typed?: TypedTurn
    readonly voicedMs?: number
    readonly tools?: Tools
    readonly containers?: AnswerServices["containers"]
  } = {},
) => {
  const audio = new AudioClock()
  const commitments = new Commitments()
  const ledger = new TurnLedger()
  const volumes: number[] = []
  const parts: string[] = []
  const transcript: Transcript = { text: "", confidence: 0.9, inferenceMs: 5, ...given.heard }
  const queued: string[] = []
  const withdrawn: string[] = []
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
    tools: given.tools ?? noTools,
    containers: given.containers ?? [],
    withdrawConsent: (consentId) =>
      Effect.sync(() => {
        withdrawn.push(consentId)
      }),
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
  return { services, commitments, ledger, volumes, parts, queued, withdrawn, events, start, run, turn }
}
