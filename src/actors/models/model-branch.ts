import type { Config } from "../../config/definition.ts"
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from "../../machines/supervision/restart-policy.ts"
import type { SupervisorReport } from "../../machines/supervision/supervision-types.ts"
import type { Child } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { spawnHost } from "../hosts/host-client.ts"
import type { HostHandle } from "../hosts/host-handle.ts"
import { DEFAULT_HEARTBEAT, type HeartbeatTimes } from "../hosts/host-heartbeat.ts"
import { makeSpareProcess, type SpareProcessOptions, type SpareStatus } from "../hosts/spare-process.ts"
import type { ResidencyOptions } from "../residency/residency.ts"
import { type StandingResidency, standingResidency } from "../residency/standing-residency.ts"
import { referTo } from "../supervision/child-reference.ts"
import { resourceChild } from "../supervision/resource-child.ts"
import { standingSupervisor } from "../supervision/standing-supervisor.ts"
import { type SubtreeHandle, subtree } from "../supervision/supervised-tree.ts"
import type { SupervisedHandle, Supervisor } from "../supervision/supervisor.ts"
import { type OwnWyoming, ownWyoming, type WyomingSettings, wyomingBranch } from "./wyoming-branch.ts"

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
  /** The server of others to start beside them. */
  readonly wyoming?: WyomingSettings | undefined
  /** Another program than the model host: no setting leads here, only who composes the assistant can ask for it. */
  readonly entry?: string | undefined
  /** What the spare process makes ready before it waits. */
  readonly prepare?: SpareProcessOptions["prepare"]
}

/** The hosts as they are configured. */
export const hostsOf = (config: Config): HostsOptions => ({
  policy: {
    ...DEFAULT_RESTART_POLICY,
    intensity: config.supervision.restarts,
    periodMs: config.supervision.periodS * 1000,
    breakerMs: config.supervision.breakerS * 1000,
  },
  heartbeat: { ...DEFAULT_HEARTBEAT, answerWithinMs: config.supervision.hungMs },
  // Speech to text and the voice share a library; llama.cpp's binding takes longest of all.
  prepare:
    config.llm.provider === "embedded" || config.llm.provider === "auto" ? ["piper", "llama"] : ["piper"],
  wyoming: ownWyoming(config),
})

/** The hosts as those outside of the tree know them, whichever life of their supervisor is up. */
export interface Hosts extends Pick<Supervisor<HostHandle>, "handle" | "children"> {
  /** The process that waits to become one of them. */
  spare(): SpareStatus | undefined
}

export interface ModelBranch {
  /** To be supervised: the ledger, then the hosts, then a server beside them. */
  readonly child: Child<SubtreeHandle<SupervisedHandle>>
  readonly residency: StandingResidency
  readonly hosts: Hosts
  readonly wyoming: OwnWyoming | undefined
}

/** The models' branch of the tree: without a ledger no host, since nobody would know what it holds. */
export const modelBranch = (options: {
  readonly residency: Omit<ResidencyOptions, "clock">
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
  readonly hosts?: HostsOptions | undefined
}): ModelBranch => {
  const { clock, onReport, hosts: { policy, heartbeat, entry, prepare, wyoming: server } = {} } = options
  const residency = standingResidency({ ...options.residency, clock })
  const spare = referTo(resourceChild({ id: "spare", acquire: makeSpareProcess({ clock, entry, prepare }) }))
  const hosts = referTo(
    subtree<HostHandle>({
      id: "hosts",
      clock,
      onReport,
      // Each process is started by the first who needs a model in it: some entry points need one of the four.
      children: HOSTS.map(({ id, nice }) => ({
        child: spawnHost({
          id,
          nice,
          clock,
          entry,
          heartbeat,
          spare: { take: () => spare.now()?.value.take() },
        }),
        start: "on-demand",
        ...(policy && { policy }),
      })),
    }),
  )
  // After the hosts: whatever becomes of it, they stay.
  const wyoming = server && wyomingBranch({ server, policy, clock, onReport })
  return {
    child: subtree<SupervisedHandle>({
      id: "models",
      clock,
      onReport,
      strategy: "rest_for_one",
      children: [
        { child: residency.child },
        { child: spare.child },
        { child: hosts.child, shutdown: "infinity" },
        ...(wyoming === undefined ? [] : [{ child: wyoming.child, shutdown: "infinity" } as const]),
      ],
    }),
    residency,
    hosts: {
      ...standingSupervisor(hosts),
      spare: () => spare.now()?.value.status(),
    },
    wyoming: wyoming?.own,
  }
}
