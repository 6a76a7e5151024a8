import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AudioClock } from "../audio/audio-clock.ts"
import { watchInput } from "../audio/input-watch.ts"
import { monotonicClock } from "../audio/monotonic-clock.ts"
import { nullBackend } from "../audio/null.ts"
import { defaultSegmenterConfig } from "../audio/segmenter.ts"
import { MAX_VOLUME } from "../audio/volume.ts"
import { WakeGate } from "../audio/wake-gate.ts"
import type { Config } from "../config/definition.ts"
import {
  type ConversationSettings,
  defaultConversationSettings,
  type Part,
} from "../machines/conversation-types.ts"
import type { AudioBackend, AudioFailure } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import type { Consent } from "../ports/consent.ts"
import type { LanguageModelChoice } from "../ports/language-model.ts"
import type { ModelFailure, ModelStore } from "../ports/models.ts"
import type { Residency } from "../ports/residency.ts"
import type { Listener } from "../ports/speech.ts"
import type { Tools } from "../ports/tools.ts"
import type { TurnRecord } from "../ports/turn.ts"
import { SYSTEM_PROMPT } from "../text/prompt.ts"
import { ConversationHistory } from "./conversation-history.ts"
import { type Conversation, openConversation, type StateEntered } from "./conversation-system.ts"
import { watchInputHealth } from "./input-health.ts"
import { localTime } from "./local-time.ts"
import type { ModelReport } from "./model-actor.ts"
import { type ModelSystem, makeModelSystem } from "./model-system.ts"
import { type MissingDevice, openAll, openDevices } from "./open-devices.ts"
import type { PendingWork } from "./pending-work.ts"
import { rememberedLanguageModel } from "./remembered-language-model.ts"
import { Timebase } from "./timebase.ts"
import { uuidV7 } from "./uuid-v7.ts"

export interface AssistantSystemOptions {
  readonly config: Config
  readonly backend: AudioBackend
  readonly audioClock: AudioClock
  /** The clock that the output device runs by. */
  readonly outputClock: Clock
  /** Whether audio time stands still while a model works. */
  readonly simulated: boolean
  /** False where nobody speaks into it: no listener runs then. */
  readonly listens: boolean
  readonly echoCancelled: boolean
  readonly pending: PendingWork
  readonly voiceRateHz: number
  readonly store: ModelStore
  readonly residency: Residency
  readonly tools: Tools
  readonly consent: Consent
  readonly onState: (state: StateEntered) => void
  readonly onTurn: (turn: TurnRecord) => void
  readonly onNotice: (message: string) => void
  /** Called whenever it was found out which language model answers. */
  readonly onLanguageModel?: ((choice: LanguageModelChoice) => void) | undefined
  readonly onModel?: ((report: ModelReport) => void) | undefined
  /** Answers in the place of the configured language model. */
  readonly languageModel?: Effect.Effect<LanguageModelChoice> | undefined
}

export interface AssistantSystem {
  readonly models: ModelSystem
  readonly conversation: Conversation
  readonly languageModel: Effect.Effect<LanguageModelChoice>
  /** Devices that could not be opened; Jett goes on without them. */
  readonly missing: readonly MissingDevice[]
  /** Ends when every model that a turn needs is loaded, or has failed to. */
  readonly warm: Effect.Effect<void>
  /** Ends when the input does. */
  readonly run: Effect.Effect<void, AudioFailure>
}

/** Sound that can be asked for after the fact: the longest utterance, what came before it, and the silence after. */
const KEEP_MARGIN_MS = 5000
const VOLUME_STEP = 0.2

const noListener: Listener = { listen: () => Effect.succeed({ voiceActivity: [0], wake: [] }) }

/** The models and the voice, composed over one audio back end; everything that differs between entry points is given. */
export const openAssistantSystem = (
  options: AssistantSystemOptions,
): Effect.Effect<AssistantSystem, AudioFailure | ModelFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, backend, audioClock, pending, simulated, listens } = options
    const scope = yield* Effect.scope
    const timebase = new Timebase({ audio: audioClock, monotonic: monotonicClock, simulated })
    let conversation: Conversation | undefined
    const models = yield* makeModelSystem({
      config,
      store: options.store,
      residency: options.residency,
      clock: monotonicClock,
      cores: availableParallelism(),
      systemPrompt: SYSTEM_PROMPT,
      onModel: (report) => {
        options.onModel?.(report)
        const { model, state } = report
        const part = partOf(config, model)
        if (part === undefined) return
        if (state === "failed") conversation?.send({ type: "part.down", part })
        if (state === "ready") conversation?.send({ type: "part.up", part })
      },
    })
    const remembered = rememberedLanguageModel(config, options.store, models.llm, options.onLanguageModel)
    const languageModel = options.languageModel ?? remembered.current
    const refresh = options.languageModel === undefined ? remembered.refresh : Effect.void
    const devices = {
      input: { device: config.audio.input },
      output: { device: config.audio.output, rateHz: options.voiceRateHz },
    }
    // Where nobody is to be heard no microphone is opened: its lamp would say otherwise.
    const sound = listens ? backend : { ...backend, openInput: nullBackend().openInput }
    const isLive = backend.id === "pulse" || backend.id === "naudiodon"
    const {
      input: microphone,
      output,
      missing,
    } = yield* isLive ? openDevices(sound, devices) : openAll(sound, devices)
    const exempt = !isLive || !listens || missing.some(({ part }) => part === "mic")
    const input = yield* watchInput(microphone, monotonicClock, { exempt })
    const volume = makeVolume(config.audio.volume / 100)
    const { stt, tts } = models.preload
    const llm = Effect.andThen(refresh, Effect.flatMap(languageModel, preloadChosen))
    const warm = Effect.all([Effect.ignore(stt), Effect.ignore(tts), Effect.ignore(llm)], {
      concurrency: "unbounded",
      discard: true,
    })
    yield* listens ? models.preload.listener : Effect.void
    conversation = yield* openConversation({
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
            status: statusSentence(conversation?.degraded() ?? []),
            hasContainers: options.tools.definitions.length > 0,
          }),
          changeVolume: (step) => volume.change(step * VOLUME_STEP),
        },
      },
      consent: options.consent,
      volume,
      prepareModels: () => {
        Effect.runFork(Effect.forkIn(warm, scope))
      },
      onState: options.onState,
      onTurn: options.onTurn,
      onNotice: options.onNotice,
    })
    yield* Effect.forkScoped(watchInputHealth(input, conversation, options.onNotice))
    for (const { part } of missing) conversation.send({ type: "part.down", part })
    return { models, conversation, languageModel, missing, warm, run: conversation.run }
  })

const preloadChosen = (choice: LanguageModelChoice) =>
  choice.type === "chosen" ? choice.model.preload : Effect.void

const partOf = (config: Config, model: string): Part | undefined => {
  if (model === "listener") return "mic"
  if (model === config.stt.model) return "stt"
  if (model === config.llm.embeddedModel) return "llm"
  return model.startsWith("tts-") ? "tts" : undefined
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

/** Spoken for "status": what is away, in words. */
const statusSentence = (down: readonly Part[]): string => {
  const names: Readonly<Record<Part, string>> = {
    stt: "speech recognition",
    tts: "my voice",
    llm: "the language model",
    mic: "the microphone",
    speaker: "the speaker",
  }
  if (down.length === 0) return "Everything is working."
  return `Not everything is working: ${down.map((part) => names[part]).join(" and ")} ${down.length === 1 ? "is" : "are"} away.`
}

const makeVolume = (initial: number) => {
  let gain = initial
  const listeners: ((gain: number) => void)[] = []
  return {
    get gain() {
      return gain
    },
    change: (by: number) => {
      gain = Math.min(MAX_VOLUME, Math.max(VOLUME_STEP, gain + by))
      for (const listener of listeners) listener(gain)
    },
    onChange: (listener: (gain: number) => void) => {
      listeners.push(listener)
    },
  }
}
