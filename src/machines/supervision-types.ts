import type { ExitReason } from "../ports/child.ts"
import {
  DEFAULT_RESTART_POLICY,
  NO_RESTARTS,
  type RestartHistory,
  type RestartPolicy,
} from "./restart-policy.ts"

/** What a supervisor knows about a child before it runs. The names are Erlang/OTP's. */
export interface ChildSpec {
  readonly id: string
  readonly restart: "permanent" | "transient" | "temporary"
  /** Milliseconds to end by itself before it is killed, or killed at once. */
  readonly shutdown: "brutal" | number
  readonly significant?: boolean | undefined
  /** `with-supervisor` unless told; `on-demand` waits for the first request. */
  readonly start?: "with-supervisor" | "on-demand" | undefined
  readonly policy: RestartPolicy
}

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
  incarnation: 0,
  restarts: 0,
  history: NO_RESTARTS,
  wantedAgain: false,
})

export interface SupervisionState {
  readonly id: string
  readonly mode: "running" | "stopping" | "stopped"
  /** In start order. */
  readonly children: readonly ChildRecord[]
  readonly startQueue: readonly string[]
}

/** `nowMs` is monotonic time. */
export type SupervisionEvent =
  | { readonly type: "supervisor.start" }
  | { readonly type: "supervisor.stop" }
  | {
      readonly type: "child.started"
      readonly id: string
      readonly incarnation: number
      readonly nowMs: number
      readonly pid?: number | undefined
    }
  | {
      readonly type: "child.start-failed"
      readonly id: string
      readonly incarnation: number
      readonly nowMs: number
      readonly message: string
    }
  | {
      readonly type: "child.exited"
      readonly id: string
      readonly incarnation: number
      readonly nowMs: number
      readonly reason: ExitReason
    }
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

/** One line of the supervisor's log, as data. `attempt` counts the child's restarts. */
export interface SupervisorReport {
  readonly supervisor: string
  readonly child: string
  readonly context: "started" | "start-error" | "child-terminated" | "breaker-open" | "shutdown"
  readonly reason: ExitReason | undefined
  readonly attempt: number
  readonly atMs: number
}
