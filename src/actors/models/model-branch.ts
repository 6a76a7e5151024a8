import * as Effect from "effect/Effect"
import type { Config } from "../../config/definition.ts"
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from "../../machines/supervision/restart-policy.ts"
import type { SupervisorReport } from "../../machines/supervision/supervision-types.ts"
import type { Child } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { spawnHost } from "../hosts/host-client.ts"
import type { HostHandle } from "../hosts/host-handle.ts"
import { DEFAULT_HEARTBEAT, type HeartbeatTimes } from "../hosts/host-heartbeat.ts"
import type { ResidencyOptions } from "../residency/residency.ts"
import { type StandingResidency, standingResidency } from "../residency/standing-residency.ts"
import { referTo } from "../supervision/child-reference.ts"
import { type SubtreeHandle, subtree } from "../supervision/supervised-tree.ts"
import { type SupervisedHandle, type Supervisor, Unavailable } from "../supervision/supervisor.ts"

/** A host and its place in the queue for the processor: the ear comes first, the writer of long answers last. */
const HOSTS = [
  { id: "listener", nice: -5 },
  { id: "stt", nice: 0 },
  { id: "tts", nice: 0 },
  { id: "llm", nice: 5 },
] as const

export type HostId = (typeof HOSTS)[number]["id"]

/** Hosts other than the ordinary. */
export interface HostsOptions {
  readonly policy?: RestartPolicy | undefined
  readonly heartbeat?: HeartbeatTimes | undefined
  /** Another program than the model host: no setting leads here, only who composes the assistant can ask for it. */
  readonly entry?: string | undefined
}

/** The hosts as they are configured. */
export const hostsOf = ({ supervision }: Config): HostsOptions => ({
  policy: {
    ...DEFAULT_RESTART_POLICY,
    intensity: supervision.restarts,
    periodMs: supervision.periodS * 1000,
    breakerMs: supervision.breakerS * 1000,
  },
  heartbeat: { ...DEFAULT_HEARTBEAT, answerWithinMs: supervision.hungMs },
})

/** The hosts as those outside of the tree know them, whichever life of their supervisor is up. */
export type Hosts = Pick<Supervisor<HostHandle>, "handle" | "children">

export interface ModelBranch {
  /** To be supervised: the ledger, then the hosts. */
  readonly child: Child<SubtreeHandle<SupervisedHandle>>
  readonly residency: StandingResidency
  readonly hosts: Hosts
}

/** The models' branch of the tree: without a ledger no host, since nobody would know what it holds. */
export const modelBranch = (options: {
  readonly residency: Omit<ResidencyOptions, "clock">
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
  readonly hosts?: HostsOptions | undefined
}): ModelBranch => {
  const { clock, onReport, hosts: { policy, heartbeat, entry } = {} } = options
  const residency = standingResidency({ ...options.residency, clock })
  const hosts = referTo(
    subtree<HostHandle>({
      id: "hosts",
      clock,
      onReport,
      // Each process is started by the first who needs a model in it: some entry points need one of the four.
      children: HOSTS.map(({ id, nice }) => ({
        child: spawnHost({ id, nice, clock, entry, heartbeat }),
        start: "on-demand",
        ...(policy && { policy }),
      })),
    }),
  )
  return {
    child: subtree<SupervisedHandle>({
      id: "models",
      clock,
      onReport,
      strategy: "rest_for_one",
      children: [{ child: residency.child }, { child: hosts.child, shutdown: "infinity" }],
    }),
    residency,
    hosts: {
      handle: (id, deadlineMs) =>
        hosts.current.pipe(
          Effect.mapError(
            () => new Unavailable({ child: id, message: `"${id}" is away: so is its supervisor.` }),
          ),
          Effect.flatMap(({ supervisor }) => supervisor.handle(id, deadlineMs)),
        ),
      children: () => hosts.now()?.supervisor.children() ?? [],
    },
  }
}
