import type { Config } from "../../config/definition.ts"
import type { RestartPolicy } from "../../machines/supervision/restart-policy.ts"
import type { SupervisorReport } from "../../machines/supervision/supervision-types.ts"
import type { Child } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { referTo } from "../supervision/child-reference.ts"
import { standingSupervisor } from "../supervision/standing-supervisor.ts"
import { type SubtreeHandle, subtree } from "../supervision/supervised-tree.ts"
import type { Supervisor } from "../supervision/supervisor.ts"
import { configuredAddress, type WyomingAddress } from "./wyoming-address.ts"
import { spawnWyomingServer, type WyomingServerHandle } from "./wyoming-server.ts"

/** A server that is ours to start. */
export interface WyomingSettings extends WyomingAddress {
  /** `stt.wyoming_command`. */
  readonly command: string
  /** `supervision.hung_ms`. */
  readonly hungMs?: number | undefined
}

/** Our own server, whichever life of its supervisor is up. */
export interface OwnWyoming {
  /** Of the child, and of the tenant of the ledger. */
  readonly id: string
  readonly command: string
  readonly supervisor: Pick<Supervisor<WyomingServerHandle>, "handle" | "stopChild" | "children">
}

export interface WyomingBranch {
  /** To be supervised. */
  readonly child: Child<SubtreeHandle<WyomingServerHandle>>
  readonly own: OwnWyoming
}

const SERVER = "wyoming"

/** The server that is configured, if it is ours to start. */
export const ownWyoming = (config: Config): WyomingSettings | undefined => {
  const { engine, wyomingCommand: command } = config.stt
  return engine === "wyoming" && command !== undefined
    ? { ...configuredAddress(config), command, hungMs: config.supervision.hungMs }
    : undefined
}

/** A server of others beside the hosts: it has a breaker of its own, and is started by the first who needs it. */
export const wyomingBranch = (options: {
  readonly server: WyomingSettings
  readonly policy?: RestartPolicy | undefined
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
}): WyomingBranch => {
  const { server, policy, clock, onReport } = options
  const reference = referTo(
    subtree<WyomingServerHandle>({
      id: "servers",
      clock,
      onReport,
      children: [
        {
          child: spawnWyomingServer({ ...server, id: SERVER, clock }),
          start: "on-demand",
          ...(policy && { policy }),
        },
      ],
    }),
  )
  return {
    child: reference.child,
    own: { id: SERVER, command: server.command, supervisor: standingSupervisor(reference) },
  }
}
