import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Config } from "../../config/definition.ts"
import { memoryOf, type Profile } from "../../models/memory-profile.ts"
import type { Clock } from "../../ports/clock.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../../ports/engine.ts"
import type { ModelFailure, ModelState, ModelStore } from "../../ports/models.ts"
import type { ModelClass, Residency } from "../../ports/residency.ts"
import type { Listener, SpeechToText, TextToSpeech } from "../../ports/speech.ts"
import type { ChildStatus } from "../supervision/supervisor.ts"
import { chatValues, listenerValues, synthesizeValues, transcribeValues } from "./engine-values.ts"
import { type ModelActor, type ModelReport, makeModelActor } from "./model-actor.ts"
import type { HostId, Hosts } from "./model-branch.ts"
import type { ModelSpec } from "./model-effects.ts"
import { configuredAddress } from "./wyoming-address.ts"
import type { OwnWyoming } from "./wyoming-branch.ts"
import { makeWyomingSpeech } from "./wyoming-speech.ts"

/** More gained nothing for speech to text. */
const SPEECH_THREADS = 1

export interface ModelSystemOptions {
  readonly config: Config
  readonly store: ModelStore
  readonly hosts: Hosts
  /** The speech-to-text server of others that is ours to start. */
  readonly wyoming: OwnWyoming | undefined
  readonly residency: Residency
  /** Where models may be; see `profileOf`. */
  readonly profile: Profile
  readonly clock: Clock
  readonly cores: number
  readonly systemPrompt: string
  readonly onModel?: ((report: ModelReport) => void) | undefined
  readonly onNotice?: ((message: string) => void) | undefined
}

/** The models, each behind the port that the conversation knows it by. */
export interface ModelSystem {
  readonly listener: Listener
  readonly stt: SpeechToText
  readonly tts: TextToSpeech
  /** Another ear, for files and for voice alone, so that the microphone's own keeps its place; `unload` forgets what it heard. */
  readonly fileListener: Listener & { readonly unload: Effect.Effect<void> }
  /** What the ledger knows of that a spoken turn needs, besides the language model. */
  readonly turnModels: readonly string[]
  /** The embedded language model's actor; whether it is used is decided elsewhere. */
  readonly llm: ModelActor<ChatInput, ChatChunk, ChatOutput>
  readonly preload: Readonly<Record<"listener" | "stt" | "tts", Effect.Effect<void, ModelFailure>>>
  hosts(): readonly ChildStatus[]
  spare: Hosts["spare"]
  /** Of each model that may be used; those of foreign servers are known to those servers. */
  states(): readonly { readonly id: string; readonly state: ModelState }[]
  /** What is loaded in a host. */
  modelsOf(host: string): readonly string[]
  /** The process of a host, for a person who wants to see it (or kill it). */
  pid(host: HostId): number | undefined
}

/** The configured voice: which model speaks, and with which engine. */
export const voiceOf = ({ tts }: Config) =>
  tts.engine === "kokoro"
    ? { modelId: "tts-kokoro-82m-int8", engine: "kokoro" as const, voice: tts.voice }
    : { modelId: tts.voice ?? "tts-piper-joe-medium", engine: "piper" as const, voice: undefined }

/** The hosts under their supervisor, and a model actor for each model in them. */
export const makeModelSystem = (
  options: ModelSystemOptions,
): Effect.Effect<ModelSystem, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, store, hosts, residency, profile, clock, cores } = options
    const onNotice = once(options.onNotice)
    const shared = { supervisor: hosts, residency, store, clock, onReport: options.onModel, onNotice }
    const memory = (modelId: string, modelClass: ModelClass) => memoryOf(profile, { modelId, modelClass })
    const makeListener = (
      modelId: string,
      modelClass: ModelClass,
      spec: Pick<ModelSpec, "hostId" | "reload" | "installedIds" | "parameters">,
    ) =>
      makeModelActor({
        ...shared,
        memory: memory(modelId, modelClass),
        values: listenerValues,
        spec: {
          ...spec,
          modelId,
          engine: "listener",
          threads: 1,
          loadTimeoutMs: 15_000,
          inferDeadlineMs: 2_000,
        },
      })
    const listener = yield* makeListener("listener", "wake", {
      hostId: "listener",
      installedIds: [config.wake.model, "vad-silero"],
      parameters: { primed: true, dozes: true },
      reload: "at-once",
    })
    const fileListener = yield* makeListener("file-listener", "background", {
      hostId: "stt",
      installedIds: ["vad-silero"],
      parameters: { wakeWord: false },
      reload: "on-demand",
    })
    const stt = yield* makeModelActor({
      ...shared,
      memory: memory(config.stt.model, "stt"),
      values: transcribeValues,
      spec: {
        modelId: config.stt.model,
        engine: "moonshine",
        hostId: "stt",
        threads: SPEECH_THREADS,
        loadTimeoutMs: 30_000,
        inferDeadlineMs: 10_000,
      },
    })
    const wyoming =
      config.stt.engine === "wyoming"
        ? yield* makeWyomingSpeech({
            ...configuredAddress(config),
            own: options.wyoming,
            model: config.stt.model,
            residency,
            clock,
            onReport: options.onModel,
          })
        : undefined
    const { voice, ...ttsModel } = voiceOf(config)
    const tts = yield* makeModelActor({
      ...shared,
      memory: memory(ttsModel.modelId, "tts"),
      values: synthesizeValues,
      spec: {
        ...ttsModel,
        hostId: "tts",
        threads: cores,
        loadTimeoutMs: 30_000,
        inferDeadlineMs: 20_000,
      },
    })
    const llm = yield* makeModelActor({
      ...shared,
      memory: memory(config.llm.embeddedModel, "llm"),
      values: chatValues,
      spec: {
        modelId: config.llm.embeddedModel,
        engine: "llama",
        hostId: "llm",
        threads: cores,
        parameters: { contextTokens: config.llm.numCtx, warmPrompt: options.systemPrompt },
        loadTimeoutMs: config.llm.coldLoadMs,
        inferDeadlineMs: 60_000,
        reload: "on-demand",
      },
    })
    const hear = ({ infer }: Pick<typeof listener, "infer">): Listener => ({
      listen: (samples) => Effect.map(infer({ samples }), ({ value }) => value),
    })
    const actors = [listener, fileListener, stt, tts, llm]
    return {
      listener: hear(listener),
      fileListener: { ...hear(fileListener), unload: fileListener.unload },
      stt: wyoming ?? {
        transcribe: (samples) =>
          Effect.map(stt.inferRetrying({ samples }), ({ value, inferenceMs }) => ({ ...value, inferenceMs })),
      },
      tts: {
        synthesize: (text) =>
          Effect.map(
            tts.inferRetrying({ text, voice, speed: config.tts.speed }),
            ({ value, inferenceMs }) => ({
              ...value,
              inferenceMs,
            }),
          ),
      },
      turnModels: [...(wyoming?.tenants ?? [config.stt.model]), ttsModel.modelId],
      llm,
      preload: { listener: listener.preload, stt: (wyoming ?? stt).preload, tts: tts.preload },
      spare: () => hosts.spare(),
      hosts: () => [...hosts.children(), ...(options.wyoming?.supervisor.children() ?? [])],
      states: () =>
        actors
          .filter((actor) => actor !== stt || wyoming === undefined)
          .map((actor) => ({ id: actor.id, state: actor.state() })),
      modelsOf: (host) => {
        const pid = hosts.children().find(({ id }) => id === host)?.pid
        return pid === undefined ? [] : actors.filter((actor) => actor.pid() === pid).map(({ id }) => id)
      },
      pid: (host) => hosts.children().find(({ id }) => id === host)?.pid,
    }
  })

/** A model is loaded again and again; the user is told once what is not as configured. */
const once = (tell: (message: string) => void = () => undefined) => {
  const told = new Set<string>()
  return (message: string): void => {
    if (told.has(message)) return
    told.add(message)
    tell(message)
  }
}
