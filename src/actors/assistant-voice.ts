import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicClock } from "../audio/monotonic-clock.ts"
import { defaultSegmenterConfig } from "../audio/segmenter.ts"
import { WakeGate } from "../audio/wake-gate.ts"
import type { Config } from "../config/definition.ts"
import { type ConversationSettings, defaultConversationSettings } from "../machines/conversation-types.ts"
import type { LanguageModelChoice } from "../ports/language-model.ts"
import type { Listener } from "../ports/speech.ts"
import { SYSTEM_PROMPT } from "../text/prompt.ts"
import type { AssistantSystemOptions } from "./assistant-system.ts"
import { ConversationHistory } from "./conversation-history.ts"
import { type Conversation, openConversation } from "./conversation-system.ts"
import { watchInputHealth } from "./input-health.ts"
import { localTime } from "./local-time.ts"
import type { ModelSystem } from "./model-system.ts"
import type { Devices } from "./open-devices.ts"
import { statusSentence } from "./status-sentence.ts"
import { Timebase } from "./timebase.ts"
import { uuidV7 } from "./uuid-v7.ts"
import { makeVolume } from "./volume.ts"

/** What the voice takes from the models' side. */
export interface VoiceModels {
  readonly models: Pick<ModelSystem, "listener" | "stt" | "tts">
  readonly languageModel: Effect.Effect<LanguageModelChoice>
  readonly prepareModels: () => void
}

/** Sound that can be asked for after the fact: the longest utterance, what came before it, and the silence after. */
const KEEP_MARGIN_MS = 5000

const noListener: Listener = { listen: () => Effect.succeed({ voiceActivity: [0], wake: [] }) }

/** The conversation over open devices, as it is configured. */
export const openVoice = (
  options: AssistantSystemOptions,
  { models, languageModel, prepareModels }: VoiceModels,
  { input, output, missing }: Devices,
): Effect.Effect<Conversation, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, audioClock, pending, simulated, listens } = options
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
        tools: options.tools,
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
            hasContainers: options.tools.definitions.length > 0,
          }),
          changeVolume: (step) => volume.step(step),
        },
      },
      consent: options.consent,
      volume,
      prepareModels,
      onState: options.onState,
      onTurn: options.onTurn,
      onNotice: options.onNotice,
    })
    yield* Effect.forkScoped(watchInputHealth(input, conversation, options.onNotice))
    for (const { part } of missing) conversation.send({ type: "part.down", part })
    return conversation
  })

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
