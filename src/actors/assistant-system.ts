import { availableParallelism } from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AudioClock } from "../audio/audio-clock.ts"
import { monotonicClock } from "../audio/monotonic-clock.ts"
import type { Config } from "../config/definition.ts"
import type { Part } from "../machines/conversation/conversation-types.ts"
import type { LedgerSettings } from "../machines/residency/residency-types.ts"
import type { SupervisorReport } from "../machines/supervision/supervision-types.ts"
import { ledgerSettings, profileOf } from "../models/memory-profile.ts"
import { uuidV7 } from "../platform/uuid-v7.ts"
import type { Actions, ModelsStatus } from "../ports/assistant.ts"
import type { AudioBackend, AudioFailure } from "../ports/audio.ts"
import type { AuditFailure } from "../ports/audit.ts"
import type { Clock } from "../ports/clock.ts"
import type { LanguageModelChoice } from "../ports/language-model.ts"
import type { ModelFailure, ModelStore } from "../ports/models.ts"
import type { Readings } from "../ports/readings.ts"
import type { ResidencySnapshot } from "../ports/residency.ts"
import type { TurnRecord } from "../ports/turn.ts"
import { SYSTEM_PROMPT } from "../text/prompt.ts"
import { actionDoor } from "./actions/action-door.ts"
import type { AssistantActions, OwnOfActions } from "./actions/assistant-actions.ts"
import { openAssistantTree } from "./assistant-tree.ts"
import { answeringModel } from "./models/answering-model.ts"
import type { ModelReport } from "./models/model-actor.ts"
import { type HostsOptions, hostsOf, modelBranch } from "./models/model-branch.ts"
import { type ModelSystem, makeModelSystem } from "./models/model-system.ts"
import { modelsStatus, statesOfModels } from "./models/models-status.ts"
import { PartHealth } from "./models/part-health.ts"
import { tellLateGpu } from "./residency/late-gpu.ts"
import { LoadTimes } from "./residency/load-times.ts"
import type { ResidencyOptions } from "./residency/residency.ts"
import { makeTurnLeases } from "./residency/turn-leases.ts"
import { supervisionNotices } from "./supervision/supervision-notices.ts"
import { makeAnnouncer } from "./voice/announcer.ts"
import { type StandingVoice, standingVoice } from "./voice/assistant-voice.ts"
import type { Conversation, StateEntered } from "./voice/conversation-system.ts"
import { isAtRest } from "./voice/conversation-system.ts"
import { isLive, type MissingDevice } from "./voice/open-devices.ts"
import type { PendingWork } from "./voice/pending-work.ts"

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
  /** What can be seen of the GPU, and what models were measured to take. */
  readonly readings: Readings
  readonly footprints: ResidencyOptions["footprints"]
  /** What acts on the world, given what of the assistant it needs. */
  readonly actions: (own: OwnOfActions) => AssistantActions
  readonly onState: (state: StateEntered) => void
  readonly onTurn: (turn: TurnRecord) => void
  readonly onNotice: (message: string) => void
  /** Called whenever it was found out which language model answers. */
  readonly onLanguageModel?: ((choice: LanguageModelChoice) => void) | undefined
  readonly onModel?: ((report: ModelReport) => void) | undefined
  /** Called for all that the supervisors of the tree do. */
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
  /** Called when a conversation is gone: the turns that it had will not end any more. */
  readonly onLost?: (() => void) | undefined
  /** The ledger's settings where they are not to be the configured ones. */
  readonly ledger?: Partial<LedgerSettings> | undefined
  /** Answers in the place of the configured language model. */
  readonly languageModel?: Effect.Effect<LanguageModelChoice> | undefined
  /** For tests: hosts that may be restarted more often, or that misbehave. */
  readonly hosts?: HostsOptions | undefined
}

export interface AssistantSystem {
  readonly models: ModelSystem
  /** The one that is up; while none is, one that takes nothing. */
  readonly conversation: Conversation
  readonly languageModel: Effect.Effect<LanguageModelChoice>
  /** The guard, for the command line. */
  readonly actions: Actions
  /** Why the guard refuses everything: the audit log did not open. */
  auditFailure(): AuditFailure | undefined
  /** Devices that could not be opened; Jett goes on without them. */
  readonly missing: readonly MissingDevice[]
  /** Ends when every model that a turn needs is loaded, or has failed to. */
  readonly warm: Effect.Effect<void>
  /** Listens until the input ends; fails when the root of the tree gave up. */
  readonly run: Effect.Effect<void, { readonly message: string }>
  /** The models and the memory that is committed to them. */
  modelsStatus(): ModelsStatus
  /** Who holds memory; undefined while the ledger is away. */
  residency(): ResidencySnapshot | undefined
}

/** The tree of the assistant over one audio back end; everything that differs between entry points is given. */
export const openAssistantSystem = (
  options: AssistantSystemOptions,
): Effect.Effect<AssistantSystem, AudioFailure | ModelFailure | { readonly message: string }, Scope.Scope> =>
  Effect.gen(function* () {
    const { config, listens, readings, footprints } = options
    const notify = supervisionNotices({ onNotice: options.onNotice, clock: monotonicClock })
    const onReport = (report: SupervisorReport): void => {
      notify(report)
      options.onReport?.(report)
    }
    const scope = yield* Effect.scope
    const loads = new LoadTimes()
    const branch = modelBranch({
      residency: { settings: { ...ledgerSettings(config), ...options.ledger }, readings, footprints },
      clock: monotonicClock,
      onReport,
      hosts: { ...hostsOf(config), ...options.hosts },
    })
    const { residency } = branch
    const parts = new PartHealth(config, (event) => voice.conversation.send(event))
    const onModel = (report: ModelReport, part: Part | undefined, stoodIn = false): void => {
      options.onModel?.(report)
      if (part === undefined) return
      // No answer waits for the ear, which is loaded before it is spoken to.
      if (part !== "mic") loads.note(report)
      // The part is not away, and who answers is told elsewhere.
      if (stoodIn) return
      // Once until it is back: without a voice nobody hears the reason, and without an ear nobody asks for it.
      const { state, failure } = report
      if (state === "failed" && failure?.reason === "refused" && !parts.down.has(part))
        options.onNotice(failure.message)
      parts.note(part, report)
    }
    const hasGpu = readings.source !== "none"
    const profile = profileOf(config, hasGpu)
    if (!hasGpu && config.memory.profile === "auto")
      yield* Effect.forkScoped(tellLateGpu(readings, options.onNotice))
    const models = yield* makeModelSystem({
      config,
      store: options.store,
      hosts: branch.hosts,
      wyoming: branch.wyoming,
      residency,
      profile,
      clock: monotonicClock,
      cores: availableParallelism(),
      systemPrompt: SYSTEM_PROMPT,
      onModel: (report) => onModel(report, parts.partOf(report.model)),
      onNotice: options.onNotice,
    })
    let chosen: LanguageModelChoice | undefined
    const answering = yield* answeringModel({
      config,
      store: options.store,
      embedded: models.llm,
      residency,
      readings,
      profile,
      instead: options.languageModel,
      onChoice: (choice) => {
        chosen = choice
        options.onLanguageModel?.(choice)
      },
      onModel: (report, stoodIn) => onModel(report, "llm", stoodIn),
      onNotice: options.onNotice,
    })
    const { stt, tts } = models.preload
    const warm = Effect.all([Effect.ignore(stt), Effect.ignore(tts), Effect.ignore(answering.preload)], {
      concurrency: "unbounded",
      discard: true,
    })
    const leases = yield* makeTurnLeases({
      residency,
      conversation: residency.conversation,
      idleMs: config.conversation.idleMinutes * 60_000,
      clock: monotonicClock,
    })
    const statusOfModels = (): ModelsStatus =>
      modelsStatus(statesOfModels(models.states(), chosen), residency.snapshot())
    const announcer = yield* makeAnnouncer({
      conversation: () => voice.conversation,
      clock: monotonicClock,
      newTurnId: () => uuidV7(),
      onNotice: options.onNotice,
    })
    const actions = options.actions({ announcements: announcer, models: statusOfModels })
    const { guard } = actions
    const wanted = Effect.map(answering.modelId, (llm) => [...models.turnModels, ...llm])
    const voice: StandingVoice = standingVoice({
      ...options,
      models,
      guard,
      containers: actions.containers,
      languageModel: answering.current,
      loads,
      partsDown: () => parts.down,
      onLost: () => {
        announcer.lost()
        options.onLost?.()
      },
      prepareModels: (turnId) => {
        leases.begin(turnId, wanted)
        Effect.runFork(Effect.forkIn(warm, scope))
      },
      onState: (state) => {
        if (isAtRest(state.value)) leases.end()
        announcer.entered(state)
        options.onState(state)
      },
      onTurn: (turn) => {
        announcer.ended(turn)
        options.onTurn(turn)
      },
    })
    const root = yield* openAssistantTree({
      actions: actions.children,
      models: branch.child,
      audio: voice.audio,
      conversation: voice.child,
      isLive: isLive(options.backend),
      clock: monotonicClock,
      onReport,
    })
    yield* Effect.mapError(root.started, (failed) => voice.openFailure() ?? failed)
    yield* listens ? models.preload.listener : Effect.void
    return {
      models,
      get conversation() {
        return voice.conversation
      },
      get missing() {
        return voice.missing()
      },
      languageModel: answering.current,
      auditFailure: actions.auditFailure,
      actions: actionDoor({ tools: guard, consent: guard, pins: guard }),
      warm,
      run: Effect.andThen(
        Deferred.succeed(voice.listen, undefined),
        Effect.raceFirst(Deferred.await(voice.ended), root.fatal),
      ),
      modelsStatus: statusOfModels,
      residency: residency.snapshot,
    }
  })
