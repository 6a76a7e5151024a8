import * as Effect from "effect/Effect"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { Containers } from "../../src/ports/containers.ts"
import type { GuardedTool, Operation, Performed, Reconciled, Target } from "../../src/ports/guarded-tool.ts"
import type { ContainerEntry } from "../../src/security/policy/container-entry.ts"
import type { Policy } from "../../src/security/policy.ts"
import { makeRedactor } from "../../src/security/redact.ts"
import { containerTools } from "../../src/tools/containers/container-tools.ts"
import { makeDockerEngine } from "../../src/tools/containers/docker-engine.ts"
import type { ContainerTimes } from "../../src/tools/containers/settle-container.ts"
import { policyOf } from "./server-containers.ts"

export interface ContainerRigOptions {
  readonly socketPath: string
  readonly containers?: readonly ContainerEntry[]
  readonly times?: Partial<ContainerTimes>
  readonly answerMs?: number
  readonly wallNow?: () => number
  /** In front of the engine, to do something between two of its calls. */
  readonly around?: (engine: Containers) => Containers
}

export interface ContainerRig {
  readonly engine: Containers
  readonly policy: Policy
  readonly tools: readonly GuardedTool[]
  tool(name: string): GuardedTool
  /** The operation of a call that must be a good one. */
  operation(tool: string, container?: string): Operation
  /** As the guard does it: prepare, identify, perform. */
  call(tool: string, container?: string): Promise<Performed>
  perform(tool: string, container: string, target: Target | undefined): Promise<Performed>
  reconcile(tool: string, container: string, target: Target | undefined, sinceMs: number): Promise<Reconciled>
}

const EVERYTHING = ["status", "logs", "stats", "start", "restart", "stop"]

/** The container tools over an engine at a socket, without the guard in front of them. */
export const containerRig = ({
  socketPath,
  containers = [{ name: "n8n", allow: EVERYTHING }],
  times = {},
  answerMs = 5_000,
  wallNow = Date.now,
  around = (engine) => engine,
}: ContainerRigOptions): ContainerRig => {
  const policy = policyOf(containers)
  const redactor = makeRedactor()
  const engine = around(
    makeDockerEngine({
      host: { type: "unix", path: socketPath },
      onSecret: (values) => redactor.learn(values),
      answerMs,
    }),
  )
  const tools = containerTools({ policy, engine, redactor, clock: monotonicClock, wallNow, times })
  const tool = (name: string): GuardedTool => {
    const found = tools.find(({ definition }) => definition.name === name)
    if (found === undefined) throw new Error(`no tool ${name}`)
    return found
  }
  const operation = (name: string, container?: string): Operation => {
    const prepared = tool(name).prepare(container === undefined ? {} : { container })
    if (prepared.type === "refused") throw new Error(prepared.speech)
    return prepared.operation
  }
  return {
    engine,
    policy,
    tools,
    tool,
    operation,
    call: (name, container) => {
      const each = tool(name)
      const asked = operation(name, container)
      const target = each.identify?.(asked) ?? Effect.succeed(undefined)
      return Effect.runPromise(
        Effect.flatMap(target, (found) => each.perform(asked, found)).pipe(
          Effect.catch(({ code, speech }) =>
            Effect.succeed<Performed>({ outcome: "failed", speech, observed: { code } }),
          ),
        ),
      )
    },
    perform: (name, container, target) =>
      Effect.runPromise(tool(name).perform(operation(name, container), target)),
    reconcile: (name, container, target, sinceMs) => {
      const { reconcile } = tool(name)
      if (reconcile === undefined) throw new Error(`${name} cannot be reconciled`)
      return Effect.runPromise(reconcile(operation(name, container), target, sinceMs))
    },
  }
}
