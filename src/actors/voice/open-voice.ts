import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import { defaultSegmenterConfig } from "../../audio/segmenter.ts"
import { WakeGate } from "../../audio/wake-gate.ts"
import type { Config } from "../../config/definition.ts"
import {
  type ConversationSettings,
  defaultConversationSettings,
  type Part,
} from "../../machines/conversation/conversation-types.ts"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { Consent } from "../../ports/consent.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { Listener } from "../../ports/speech.ts"
import type { Tools } from "../../ports/tools.ts"
import type { TurnRecord } from "../../ports/turn.ts"
import type { SpokenContainer } from "../../text/container-names.ts"
import { SYSTEM_PROMPT } from "../../text/prompt.ts"
import type { AssistantSystemOptions } from "../assistant-system.ts"
import type { ModelSystem } from "../models/model-system.ts"
import type { LoadTimes } from "../residency/load-times.ts"
import { ConversationHistory } from "../turn/conversation-history.ts"
import { type Conversation, openConversation } from "./conversation-system.ts"
import { watchInputHealth } from "./input-health.ts"
import { localTime } from "./local-time.ts"
import type { Devices } from "./open-devices.ts"
import { statusSentence } from "./status-sentence.ts"
import { Timebase } from "./timebase.ts"
import { makeVolume } from "./volume.ts"

export interface VoiceOptions
  extends Pick<
    AssistantSystemOptions,
    | "config"
    | "backend"
    | "audioClock"
    | "outputClock"
    | "simulated"
    | "listens"
    | "echoCancelled"
    | "pending"
    | "voiceRateHz"
    | "onState"
    | "onTurn"
    | "onNotice"
  > {
  readonly models: Pick<ModelSystem, "listener" | "stt" | "tts">
  readonly guard: Tools & Consent
  /** By the names that are said aloud. */
  readonly containers: readonly SpokenContainer[]
  readonly languageModel: Effect.Effect<LanguageModelChoice>
  readonly loads: LoadTimes
  readonly prepareModels: (turnId: string) => void
  /** Models that a new conversation has to know to be away. */
  readonly partsDown: () => Iterable<Part>
  /** A conversation is gone, and nobody will end the turns that it had. */
  readonly onLost: () => void
}

/** Sound that can be asked for after the fact: the longest utterance, what came before it, and the silence after. */
const KEEP_MARGIN_MS = 5000

const noListener: Listener = { listen: () => Effect.succeed({ voiceActivity: [0], wake: [] }) }

/** The conversation over open devices, as it is configured. */
export const openVoice = (
  options: VoiceOptions,
  { input, output, missing }: Devices,
): Effect.Effect<Conversation, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, audioClock, pending, simulated, listens, models, languageModel, loads } = options
    const timebase = new Timebase({ audio: audioClock, monotonic: monotonicClock, simulated })
    const volume = makeVolume(config.audio.volume / 100)
    const conversation: Conversation = yield* openConversation({
      settings: conversationSettings(config),
      echoCancelled: options.echoCancelled,
      chime: config.conversation.acknowledge === "chime",
      input,
      output,
      outputClock: options.outputClock,
      hearing: {
        listener: listens ? models.listener : noListener,
        clock: audioClock,
        timebase,
        pending,
        wakeGate: new WakeGate({
          threshold: config.wake.threshold,
          steps: config.wake.frames,
          refractoryMs: config.wake.refractoryMs,
        }),
        segmenter: defaultSegmenterConfig,
        keepMs: config.endpointing.maxUtteranceMs + KEEP_MARGIN_MS,
        newTurnId: () => uuidV7(),
      },
      answering: {
        stt: models.stt,
        tts: models.tts,
        languageModel,
        systemPrompt: SYSTEM_PROMPT,
        maxReplyTokens: config.llm.maxReplyTokens,
        tools: options.guard,
        containers: options.containers,
        history: new ConversationHistory({
          idleMs: config.conversation.idleMinutes * 60_000,
          now: () => monotonicClock.now(),
        }),
        timebase,
        pending,
        phrases: {
          facts: (lastReply) => ({
            now: localTime(new Date(), config.time),
            lastReply,
            status: statusSentence(conversation.degraded()),
            hasContainers: options.containers.length > 0,
          }),
          changeVolume: (step) => volume.step(step),
        },
      },
      consent: options.guard,
      volume,
      prepareModels: options.prepareModels,
      onState: options.onState,
      onTurn: (turn) => options.onTurn(simulated ? turn : withLoading(turn, timebase, loads)),
      onNotice: options.onNotice,
    })
    yield* Effect.forkScoped(watchInputHealth(input, conversation, options.onNotice))
    for (const { part } of missing) conversation.send({ type: "part.down", part })
    return conversation
  })

/** How much of the loading that its wake word began the turn did not have to wait for, and how much it had to. */
const withLoading = (turn: TurnRecord, timebase: Timebase, loads: LoadTimes): TurnRecord => {
  if (turn.speech === undefined) return turn
  const spokenMs = timebase.ofAudio(turn.speech.endMs)
  const wokenMs = timebase.ofAudio(turn.wake?.atMs ?? turn.speech.startMs)
  const latency = {
    ...turn.latency,
    loadHiddenMs: loads.between(wokenMs, spokenMs),
    loadFeltMs: loads.between(spokenMs, spokenMs + (turn.latency.totalMs ?? 0)),
  }
  return { ...turn, latency }
}

const conversationSettings = ({ endpointing, conversation }: Config): ConversationSettings => ({
  ...defaultConversationSettings,
  silenceMs: endpointing.silenceMs,
  phraseSilenceMs: endpointing.phraseMs,
  reopenMs: endpointing.reopenMs,
  maxUtteranceMs: endpointing.maxUtteranceMs,
  wakingMs: conversation.wakingMs,
  thinkingMs: conversation.thinkingMs,
  followUp: conversation.followUp,
  followUpMs: conversation.followUpMs,
})
