import type { ExitReason } from "../../ports/child.ts"
import {
  DEFAULT_RESTART_POLICY,
  NO_RESTARTS,
  type RestartHistory,
  type RestartPolicy,
  type RestartWindow,
} from "./restart-policy.ts"

/** The names and meanings are Erlang/OTP's, except where a comment says otherwise. */
export const STRATEGIES = ["one_for_one", "rest_for_one", "one_for_all"] as const
export const RESTARTS = ["permanent", "transient", "temporary"] as const
export const AUTO_SHUTDOWNS = ["never", "any_significant", "all_significant"] as const
/**
 * What happens to a child that is past the intensity. `escalate`: the restarts of all children count together, and the
 * supervisor stops everything and ends, so that its parent decides. `break`: the child's own restarts count, and only
 * it is given up, until it is asked for after its breaker's time.
 */
export const PAST_INTENSITY = ["escalate", "break"] as const

export type Strategy = (typeof STRATEGIES)[number]
export type PastIntensity = (typeof PAST_INTENSITY)[number]

export interface SupervisorFlags extends RestartWindow {
  readonly strategy: Strategy
  /** The window of the flags counts for `escalate`; for `break` each child has its own in `policy`. */
  readonly pastIntensity: PastIntensity
  readonly autoShutdown: (typeof AUTO_SHUTDOWNS)[number]
}

/** What a supervisor knows about a child before it runs. */
export interface ChildSpec {
  readonly id: string
  readonly restart: (typeof RESTARTS)[number]
  /** Killed at once, or after so many milliseconds to end by itself, or never: for supervisors. */
  readonly shutdown: "brutal" | "infinity" | number
  /** Its end, if it does not start again, may end the supervisor: see `autoShutdown`. */
  readonly significant?: boolean | undefined
  /** `with-supervisor` unless told; `on-demand` waits for the first request. */
  readonly start?: "with-supervisor" | "on-demand" | undefined
  /** Another answer than the supervisor's, in a one_for_one supervisor: what the rest can live without may break alone. */
  readonly pastIntensity?: PastIntensity | undefined
  readonly policy: RestartPolicy
}

const { breakerMs: _, ...DEFAULT_WINDOW } = DEFAULT_RESTART_POLICY

/** One_for_one with a breaker for each child; the other strategies can only escalate. */
export const supervisorFlags = (flags: Partial<SupervisorFlags> = {}): SupervisorFlags => ({
  strategy: "one_for_one",
  pastIntensity: (flags.strategy ?? "one_for_one") === "one_for_one" ? "break" : "escalate",
  autoShutdown: "never",
  ...DEFAULT_WINDOW,
  ...flags,
})

/** A permanent child that gets two seconds to end. */
export const childSpec = (spec: Pick<ChildSpec, "id"> & Partial<ChildSpec>): ChildSpec => ({
  restart: "permanent",
  shutdown: 2000,
  policy: DEFAULT_RESTART_POLICY,
  ...spec,
})

export interface ChildRecord {
  readonly spec: ChildSpec
  /** `ended`: it will not restart by itself. `broken`: its breaker is open until `retryAtMs`. */
  readonly phase: "idle" | "starting" | "running" | "backing-off" | "broken" | "stopping" | "ended"
  /** Why it was, or is to be, started: what a failure to start means depends on it. */
  readonly cause: "boot" | "restart" | "request"
  /** Counts starts, so that a late word about an earlier process is known as such. */
  readonly incarnation: number
  /** Since the supervisor started. */
  readonly restarts: number
  readonly history: RestartHistory
  readonly wantedAgain: boolean
  readonly pid?: number | undefined
  readonly upSinceMs?: number | undefined
  readonly retryAtMs?: number | undefined
  readonly lastExit?: ExitReason | undefined
}

export const newChild = (spec: ChildSpec): ChildRecord => ({
  spec,
  phase: "idle",
  cause: "boot",
  incarnation: 0,
  restarts: 0,
  history: NO_RESTARTS,
  wantedAgain: false,
})

/** Why a supervisor ends. `escalated` and `start-failed` are fatal: nobody asked for them. */
export type SupervisorEnd =
  | { readonly type: "stopped" }
  | { readonly type: "auto-shutdown"; readonly child: string }
  | { readonly type: "start-failed"; readonly child: string; readonly reason: ExitReason }
  | {
      readonly type: "escalated"
      readonly child: string
      readonly reason: ExitReason
      readonly restarts: number
      readonly periodMs: number
    }

export interface SupervisionState {
  readonly id: string
  readonly flags: SupervisorFlags
  /** `starting` until each child that starts with the supervisor is up, or was given up. */
  readonly mode: "starting" | "running" | "stopping" | "stopped"
  readonly end: SupervisorEnd | undefined
  /** Whoever asked for the end waits no longer: what is left is killed. */
  readonly brutal: boolean
  /** In start order. */
  readonly children: readonly ChildRecord[]
  /** To be brought down, last first, before anything is started: the rest of a group that restarts. */
  readonly stopQueue: readonly string[]
  /** To be started, one after another, in start order. */
  readonly startQueue: readonly string[]
  /** The restarts that count together, oldest first. */
  readonly restartsAtMs: readonly number[]
}

/** About one life of one child. `nowMs` is monotonic time. */
interface LifeEvent {
  readonly id: string
  readonly incarnation: number
  readonly nowMs: number
}

export type SupervisionEvent =
  | { readonly type: "supervisor.start" }
  | { readonly type: "supervisor.stop" }
  | { readonly type: "supervisor.kill" }
  | ({ readonly type: "child.started"; readonly pid?: number | undefined } & LifeEvent)
  | ({ readonly type: "child.start-failed"; readonly message: string } & LifeEvent)
  | ({ readonly type: "child.start-ignored" } & LifeEvent)
  | ({ readonly type: "child.exited"; readonly reason: ExitReason } & LifeEvent)
  | { readonly type: "child.restart-due"; readonly id: string }
  | { readonly type: "child.wanted"; readonly id: string; readonly nowMs: number }
  | { readonly type: "child.unwanted"; readonly id: string }

export type SupervisionCommand =
  | { readonly type: "child.start"; readonly id: string; readonly incarnation: number }
  | {
      readonly type: "child.stop"
      readonly id: string
      readonly incarnation: number
      readonly shutdown: ChildSpec["shutdown"]
    }
  | { readonly type: "timer.set"; readonly id: string; readonly delayMs: number }
  | { readonly type: "timer.clear"; readonly id: string }
  | { readonly type: "report"; readonly report: SupervisorReport }

export interface SupervisionStep {
  readonly state: SupervisionState
  readonly commands: readonly SupervisionCommand[]
}

/** One line of the supervisor's log, as data. `child` is the offender, `attempt` counts its restarts. */
export interface SupervisorReport {
  readonly supervisor: string
  readonly child: string
  readonly context:
    | "started"
    | "start-error"
    | "start-ignored"
    | "child-terminated"
    | "shutdown"
    | "breaker-open"
    | "escalated"
    | "auto-shutdown"
  readonly reason: ExitReason | undefined
  readonly attempt: number
  readonly atMs: number
}
