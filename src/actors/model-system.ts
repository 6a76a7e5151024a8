import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Config } from "../config/definition.ts"
import type { Clock } from "../ports/clock.ts"
import type { ChatChunk, ChatInput, ChatOutput } from "../ports/engine.ts"
import type { ModelFailure, ModelStore } from "../ports/models.ts"
import type { Residency } from "../ports/residency.ts"
import type { Listener, SpeechToText, TextToSpeech } from "../ports/speech.ts"
import { chatValues, listenerValues, synthesizeValues, transcribeValues } from "./engine-values.ts"
import { spawnHost } from "./host-client.ts"
import { type ModelActor, type ModelReport, makeModelActor } from "./model-actor.ts"
import type { ModelSpec } from "./model-effects.ts"
import { type ChildStatus, makeSupervisor } from "./supervisor.ts"
import { makeWyomingSpeech } from "./wyoming-speech.ts"

/** More gained nothing for speech to text. */
const SPEECH_THREADS = 1

/** A host and its place in the queue for the processor: the ear comes first, the writer of long answers last. */
interface HostPlan {
  readonly id: HostId
  readonly nice: number
}

export type HostId = "listener" | "stt" | "tts" | "llm"

const HOSTS: readonly HostPlan[] = [
  { id: "listener", nice: -5 },
  { id: "stt", nice: 0 },
  { id: "tts", nice: 0 },
  { id: "llm", nice: 5 },
]

export interface ModelSystemOptions {
  readonly config: Config
  readonly store: ModelStore
  readonly residency: Residency
  readonly clock: Clock
  readonly cores: number
  readonly systemPrompt: string
  readonly onModel?: ((report: ModelReport) => void) | undefined
}

/** The models, each behind the port that the conversation knows it by. */
export interface ModelSystem {
  readonly listener: Listener
  readonly stt: SpeechToText
  readonly tts: TextToSpeech
  /** Another ear, for files and for voice alone, so that the microphone's own keeps its place; `unload` forgets what it heard. */
  readonly fileListener: Listener & { readonly unload: Effect.Effect<void> }
  /** The embedded language model's actor; whether it is used is decided elsewhere. */
  readonly llm: ModelActor<ChatInput, ChatChunk, ChatOutput>
  readonly preload: Readonly<Record<"listener" | "stt" | "tts", Effect.Effect<void, ModelFailure>>>
  hosts(): readonly ChildStatus[]
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
    const { config, store, residency, clock, cores } = options
    const supervisor = yield* makeSupervisor({
      id: "hosts",
      clock,
      // Each process is started by the first who needs a model in it: some entry points need one of the four.
      children: HOSTS.map(({ id, nice }) => ({ child: spawnHost({ id, nice, clock }), start: "on-demand" })),
    })
    const shared = { supervisor, residency, store, clock, onReport: options.onModel }
    const makeListener = (
      modelId: string,
      spec: Pick<ModelSpec, "hostId" | "reload" | "installedIds" | "parameters">,
    ) =>
      makeModelActor({
        ...shared,
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
    const listener = makeListener("listener", {
      hostId: "listener",
      installedIds: [config.wake.model, "vad-silero"],
      parameters: { primed: true, dozes: true },
      reload: "at-once",
    })
    const fileListener = makeListener("file-listener", {
      hostId: "stt",
      installedIds: ["vad-silero"],
      parameters: { wakeWord: false },
      reload: "on-demand",
    })
    const stt = makeModelActor({
      ...shared,
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
            url: config.stt.wyomingUrl,
            command: config.stt.wyomingCommand,
            allowRemote: config.privacy.allowRemoteStt,
            model: config.stt.model,
            clock,
            onReport: options.onModel,
          })
        : undefined
    const { voice, ...ttsModel } = voiceOf(config)
    const tts = makeModelActor({
      ...shared,
      values: synthesizeValues,
      spec: {
        ...ttsModel,
        hostId: "tts",
        threads: cores,
        loadTimeoutMs: 30_000,
        inferDeadlineMs: 20_000,
      },
    })
    const llm = makeModelActor({
      ...shared,
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
    const hear = ({ infer }: typeof listener): Listener => ({
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
      llm,
      preload: { listener: listener.preload, stt: (wyoming ?? stt).preload, tts: tts.preload },
      hosts: () => [...supervisor.children(), ...(wyoming?.children() ?? [])],
      modelsOf: (host) => {
        const pid = supervisor.children().find(({ id }) => id === host)?.pid
        return pid === undefined ? [] : actors.filter((actor) => actor.pid() === pid).map(({ id }) => id)
      },
      pid: (host) => supervisor.children().find(({ id }) => id === host)?.pid,
    }
  })
