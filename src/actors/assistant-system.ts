import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AudioClock } from "../audio/audio-clock.ts"
import { monotonicClock } from "../audio/monotonic-clock.ts"
import type { Config } from "../config/definition.ts"
import type { Part } from "../machines/conversation-types.ts"
import type { AudioBackend, AudioFailure } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import type { Consent } from "../ports/consent.ts"
import type { LanguageModelChoice } from "../ports/language-model.ts"
import type { ModelFailure, ModelStore } from "../ports/models.ts"
import type { Residency } from "../ports/residency.ts"
import type { Tools } from "../ports/tools.ts"
import type { TurnRecord } from "../ports/turn.ts"
import { SYSTEM_PROMPT } from "../text/prompt.ts"
import { openAssistantAudio } from "./assistant-audio.ts"
import { openVoice } from "./assistant-voice.ts"
import type { Conversation, StateEntered } from "./conversation-system.ts"
import type { ModelReport } from "./model-actor.ts"
import { type ModelSystem, makeModelSystem } from "./model-system.ts"
import type { MissingDevice } from "./open-devices.ts"
import type { PendingWork } from "./pending-work.ts"
import { rememberedLanguageModel } from "./remembered-language-model.ts"

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

/** The models and the voice, composed over one audio back end; everything that differs between entry points is given. */
export const openAssistantSystem = (
  options: AssistantSystemOptions,
): Effect.Effect<AssistantSystem, AudioFailure | ModelFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, listens } = options
    const scope = yield* Effect.scope
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
    const devices = yield* openAssistantAudio(options)
    const { stt, tts } = models.preload
    const llm = Effect.andThen(refresh, Effect.flatMap(languageModel, preloadChosen))
    const warm = Effect.all([Effect.ignore(stt), Effect.ignore(tts), Effect.ignore(llm)], {
      concurrency: "unbounded",
      discard: true,
    })
    yield* listens ? models.preload.listener : Effect.void
    const prepareModels = (): void => {
      Effect.runFork(Effect.forkIn(warm, scope))
    }
    conversation = yield* openVoice(options, { models, languageModel, prepareModels }, devices)
    const { missing } = devices
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
