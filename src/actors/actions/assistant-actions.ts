import { join } from "node:path"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import { configuredEngine } from "../../config/configured-engine.ts"
import { configuredPolicy } from "../../config/configured-policy.ts"
import type { Config } from "../../config/definition.ts"
import { auditFolder } from "../../config/paths.ts"
import type { Announcements } from "../../ports/announcements.ts"
import type { ModelsStatus } from "../../ports/assistant.ts"
import type { AuditFailure } from "../../ports/audit.ts"
import type { Child } from "../../ports/child.ts"
import type { GuardedTool } from "../../ports/guarded-tool.ts"
import { openAuditLog } from "../../security/audit/audit-log.ts"
import { makeConfirmationDesk } from "../../security/confirmation.ts"
import { openPin } from "../../security/pin.ts"
import type { Policy } from "../../security/policy.ts"
import { RateLimit } from "../../security/rate-limit.ts"
import { makeRedactor, type StreamRedactor } from "../../security/redact.ts"
import { spokenContainers } from "../../security/spoken-containers.ts"
import type { SpokenContainer } from "../../text/container-names.ts"
import { CONTAINER_TOOLS } from "../../text/match-phrase.ts"
import { clockTools } from "../../tools/clock-tool.ts"
import { containerTools } from "../../tools/containers/container-tools.ts"
import { makeDockerEngine } from "../../tools/containers/docker-engine.ts"
import { disconnectedTools } from "../../tools/disconnected.ts"
import { systemStatusTool } from "../../tools/system-status-tool.ts"
import { noTimerTools } from "../../tools/timers/timer-tools.ts"
import type { Guard } from "../guard/guard-types.ts"
import type { SupervisedHandle } from "../supervision/supervisor.ts"
import { localTime } from "../voice/local-time.ts"
import { actionsBranch } from "./actions-branch.ts"
import { announceUnheard } from "./announce-unheard.ts"
import { passingGuard } from "./passing-guard.ts"
import { makeTimers } from "./supervised-timers.ts"

/** What the actions need of the assistant that they are a part of. */
export interface OwnOfActions {
  readonly announcements: Announcements
  readonly models: () => ModelsStatus
}

export interface AssistantActionsOptions extends OwnOfActions {
  readonly config: Config
  /** Of Jett; the audit log says who wrote it. */
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stateFolder: string
  /** Whether this process goes on until it is stopped: only then may a timer ring in it, or be set. */
  readonly stays: boolean
  readonly onNotice: (message: string) => void
}

/** All that acts on the world, behind its one door. */
export interface AssistantActions {
  /** To be supervised, rest_for_one. */
  readonly children: readonly Child<SupervisedHandle>[]
  readonly guard: Guard
  /** Why nothing can be done: the audit log did not open. */
  auditFailure(): AuditFailure | undefined
  /** The containers by the names that are said aloud. */
  readonly containers: readonly SpokenContainer[]
}

const MINUTE_MS = 60_000
/** More than the desk's own bounds for speaking the question and for judging the answer. */
const ASKING_AND_JUDGING_MS = 55_000

/** The guard and what may pass it, as configured. A container table that is wrong was refused with the configuration. */
export const assistantActions = (options: AssistantActionsOptions): AssistantActions => {
  const { config, env, stateFolder } = options
  const { guard: settings } = config
  const policy = configuredPolicy(config)
  const redactor = makeRedactor()
  const timers = options.stays
    ? makeTimers({
        path: join(stateFolder, "timers.json"),
        wall: Date.now,
        clock: monotonicClock,
        announcements: options.announcements,
        onTrouble: options.onNotice,
      })
    : undefined
  const branch = actionsBranch({
    tools: [
      ...clockTools({ now: () => localTime(new Date(), config.time) }),
      ...(timers?.tools ?? noTimerTools),
      systemStatusTool({ models: options.models }),
      ...engineTools(config, policy, redactor),
    ],
    openAudit: openAuditLog({
      folder: auditFolder(env),
      version: options.version,
      retentionDays: config.audit.retentionDays,
    }),
    desk: makeConfirmationDesk({
      lockMs: settings.lockMinutes * MINUTE_MS,
      answerWithinMs: settings.confirmationS * 1000,
    }),
    pin: openPin(stateFolder, { lockMs: settings.lockMinutes * MINUTE_MS }),
    limit: () => new RateLimit({ perMinute: settings.perMinute, deniedPerMinute: settings.deniedPerMinute }),
    redactor,
    // A verb that reads a file or says a sentence leaves the log, and its lock, to whoever acts.
    atOnce: options.stays,
    clock: monotonicClock,
    wallNow: Date.now,
    onUnheard: options.stays ? announceUnheard(options.announcements) : undefined,
    times: {
      pinMs: settings.pinWaitS * 1000,
      askMs: ASKING_AND_JUDGING_MS + settings.confirmationS * 1000,
    },
  })
  return {
    // The timers first: an order of theirs that was cut short is looked into when the guard starts.
    children: [...(timers === undefined ? [] : [timers.child]), ...branch.children],
    guard: options.stays ? branch.guard : passingGuard(branch.guard),
    auditFailure: branch.auditFailure,
    containers: spokenContainers(policy),
  }
}

/** None where no engine is configured: nothing is contacted then. */
const engineTools = (config: Config, policy: Policy, redactor: StreamRedactor): readonly GuardedTool[] => {
  const host = configuredEngine(config)
  if (host === undefined) return disconnectedTools(CONTAINER_TOOLS)
  const engine = makeDockerEngine({
    host,
    answerMs: config.docker.timeoutMs,
    onSecret: (values) => redactor.learn(values.filter((value) => !isName(policy, value))),
  })
  return containerTools({ policy, engine, redactor, clock: monotonicClock, wallNow: Date.now })
}

/** A password that is a container's name is none: taken out, it would take the name out of every sentence. */
const isName = ({ containers }: Policy, value: string): boolean =>
  containers.some(({ name, spoken, aliases }) =>
    [name, spoken, ...aliases].some((known) => known.toLowerCase() === value.toLowerCase()),
  )
