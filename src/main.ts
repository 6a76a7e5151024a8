import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { actionDoor } from "./actors/actions/action-door.ts"
import { assistantActions } from "./actors/actions/assistant-actions.ts"
import { superviseActions } from "./actors/actions/supervise-actions.ts"
import {
  type AssistantSystem,
  type AssistantSystemOptions,
  openAssistantSystem,
} from "./actors/assistant-system.ts"
import { hostsOf, modelBranch } from "./actors/models/model-branch.ts"
import { makeModelSystem } from "./actors/models/model-system.ts"
import { RunningAssistant } from "./actors/running-assistant.ts"
import { makeSupervisor, type SupervisedHandle } from "./actors/supervision/supervisor.ts"
import { PendingWork } from "./actors/voice/pending-work.ts"
import { voiceRateHz } from "./actors/voice/voice-rate.ts"
import { AudioClock } from "./audio/audio-clock.ts"
import { availableBackends, liveBackend } from "./audio/backends.ts"
import { isEchoCancelled } from "./audio/echo-mode.ts"
import { monotonicClock } from "./audio/monotonic-clock.ts"
import type { Config } from "./config/definition.ts"
import { modelsFolder, stateFolder } from "./config/paths.ts"
import { openFootprints } from "./models/footprints.ts"
import { openReadings } from "./models/gpu/readings.ts"
import { ledgerSettings, profileOf } from "./models/memory-profile.ts"
import { makeModelStore } from "./models/store.ts"
import { readVersion } from "./platform/version.ts"
import type { Actions, Assistant, OpenAssistantOptions } from "./ports/assistant.ts"
import type { AudioBackend } from "./ports/audio.ts"
import type { Listener } from "./ports/speech.ts"
import { SYSTEM_PROMPT } from "./text/prompt.ts"

type Memory = Pick<AssistantSystemOptions, "readings" | "footprints">

/** What an entry point says about its surroundings; the rest is the same for all. */
export interface SystemSurroundings
  extends Omit<AssistantSystemOptions, keyof Memory | "store" | "actions" | "voiceRateHz"> {
  /** In the place of this machine's own GPU and of what was measured on it. */
  readonly memory?: Memory | undefined
  /** Whether this process goes on until it is stopped. */
  readonly stays?: boolean | undefined
}

/** Composes the whole assistant over one audio back end; it ends with the scope. */
export const openSystem = (surroundings: SystemSurroundings) =>
  Effect.gen(function* () {
    const store = makeModelStore(modelsFolder(surroundings.config, process.env))
    return yield* openAssistantSystem({
      ...surroundings,
      store,
      ...(surroundings.memory ?? (yield* openMemory(surroundings.onNotice))),
      actions: (own) => assistantActions({ ...actionsOf(surroundings), ...own }),
      voiceRateHz: yield* voiceRateHz(surroundings.config, store),
    })
  })

/** What the ledger goes by: the GPU as its driver tells it, and what models were measured to take. */
const openMemory = (onTrouble: (message: string) => void) =>
  Effect.gen(function* () {
    const readings = yield* openReadings({ env: process.env })
    const footprints = yield* openFootprints(join(stateFolder(process.env), "footprints.json"), onTrouble)
    yield* Effect.addFinalizer(() => footprints.flushed)
    return { readings, footprints }
  })

/** The models alone, for those who need neither ear nor voice. */
export const openModels = (config: Config, cores: number) =>
  Effect.gen(function* () {
    const { readings, footprints } = yield* openMemory(() => undefined)
    const branch = modelBranch({
      residency: { settings: ledgerSettings(config), readings, footprints },
      clock: monotonicClock,
      hosts: hostsOf(config),
    })
    const models = yield* makeModelSystem({
      config,
      store: makeModelStore(modelsFolder(config, process.env)),
      hosts: branch.hosts,
      wyoming: branch.wyoming,
      residency: branch.residency,
      profile: profileOf(config, readings.source !== "none"),
      clock: monotonicClock,
      cores,
      systemPrompt: SYSTEM_PROMPT,
    })
    const root = yield* makeSupervisor<SupervisedHandle>({
      id: "root",
      clock: monotonicClock,
      pastIntensity: "escalate",
      children: [{ child: branch.child, shutdown: "infinity" }],
    })
    yield* root.started
    return models
  })

/** The assistant of `serve` and of the verbs that run alone. Rejects where it cannot start; the message says the fix. */
export const openAssistant = async (config: Config, options: OpenAssistantOptions): Promise<Assistant> => {
  const { scope, close } = ownScope()
  const live = options.input === "microphone" || options.output === "speaker"
  const backend = await chooseBackend(live ? config.audio.backend : "null")
  let assistant: RunningAssistant | undefined
  const program = Effect.gen(function* () {
    const system = yield* openSystem({
      config,
      backend,
      audioClock: new AudioClock(),
      outputClock: monotonicClock,
      simulated: false,
      listens: options.input === "microphone",
      stays: options.input === "microphone",
      echoCancelled: yield* isEchoCancelled(config.audio.echo, backend, config.audio.input),
      pending: new PendingWork(),
      onState: (state) => assistant?.entered(state),
      onTurn: (turn) => assistant?.ended(turn),
      onNotice: (message) => assistant?.noticed(message),
      onLost: () => assistant?.lost(),
      onLanguageModel: (choice) => assistant?.choseModel(choice),
    })
    assistant = new RunningAssistant(system, close)
    yield* Effect.forkScoped(system.warm)
    yield* Effect.forkScoped(runUntilGivenUp(system, assistant))
    yield* Effect.map(system.languageModel, (choice) => assistant?.choseModel(choice))
    if (live && backend.id === "null" && config.audio.backend === "auto") assistant.remember(noSound)
    for (const { message } of system.missing)
      assistant.remember(`${message} Until then Jett goes on in writing.`)
    return assistant
  })
  return openIn({ scope, close }, program, options.signal)
}

/** The guard alone, for a command that runs while no daemon does. Rejects where it cannot be opened. */
export const openActions = async (config: Config): Promise<Actions & { close(): Promise<void> }> => {
  const own = ownScope()
  const program = Effect.gen(function* () {
    const actions = assistantActions({
      ...actionsOf({ config, onNotice: () => undefined }),
      announcements: { announce: () => undefined, withdraw: () => false },
      models: () => ({ models: [], pools: null }),
    })
    yield* superviseActions(actions)
    const { guard } = actions
    return actionDoor({ tools: guard, consent: guard, pins: guard })
  })
  return { ...(await openIn(own, program)), close: own.close }
}

const actionsOf = ({
  config,
  onNotice,
  stays = false,
}: Pick<SystemSurroundings, "config" | "onNotice" | "stays">) => ({
  config,
  onNotice,
  stays,
  version: readVersion(),
  env: process.env,
  stateFolder: stateFolder(process.env),
})

interface OwnScope {
  readonly scope: Scope.Closeable
  readonly close: () => Promise<void>
}

const ownScope = (): OwnScope => {
  const scope = Scope.makeUnsafe()
  return { scope, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

/** What `program` gives, alive until the scope is closed. What does not open leaves nothing behind. */
const openIn = async <A, E>(
  { scope, close }: OwnScope,
  program: Effect.Effect<A, E, Scope.Scope>,
  signal?: AbortSignal,
): Promise<A> => {
  const exit = await Effect.runPromiseExit(Scope.provide(program, scope), signal && { signal })
  if (Exit.isSuccess(exit)) return exit.value
  await close()
  throw Cause.squash(exit.cause)
}

/** An assistant that hears nothing any more, for whatever reason, must not go on as if it did. */
const runUntilGivenUp = (system: AssistantSystem, assistant: RunningAssistant) =>
  system.run.pipe(
    Effect.catch(({ message }) => Effect.sync(() => assistant.failed(message))),
    Effect.catchDefect((bug) =>
      Effect.sync(() => assistant.failed(`hearing ended with a bug: ${nameOf(bug)}`)),
    ),
  )

const nameOf = (bug: unknown): string => (bug instanceof Error ? bug.name : typeof bug)

/** The wake-word and voice-activity host alone, for `setup`. */
export const openListener = async (
  config: Config,
): Promise<{ readonly listener: Listener; close(): Promise<void> }> => {
  const own = ownScope()
  const program = Effect.gen(function* () {
    const models = yield* openModels(config, 1)
    yield* models.preload.listener
    return models.listener
  })
  return { listener: await openIn(own, program), close: own.close }
}

const noSound =
  "No sound server and no sound device was found, so Jett neither hears nor speaks; `jett ask` works. See: jett doctor."

/** The configured back end; `auto` takes the first that has a device at all. */
const chooseBackend = async (wanted: Config["audio"]["backend"]): Promise<AudioBackend> => {
  if (wanted !== "auto") return liveBackend(wanted)
  for (const backend of await availableBackends()) {
    const devices = await Effect.runPromiseExit(backend.devices)
    if (Exit.isSuccess(devices) && devices.value.length > 0) return backend
  }
  return liveBackend("null")
}
