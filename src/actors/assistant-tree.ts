import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SupervisorReport } from "../machines/supervision/supervision-types.ts"
import type { Child } from "../ports/child.ts"
import type { Clock } from "../ports/clock.ts"
import { subtree } from "./supervision/supervised-tree.ts"
import { makeSupervisor, type SupervisedHandle, type Supervisor } from "./supervision/supervisor.ts"

export interface AssistantTreeOptions {
  /** What acts on the world, in start order; the voice goes on without it. */
  readonly actions: readonly Child<SupervisedHandle>[]
  readonly models: Child<SupervisedHandle>
  readonly audio: Child<SupervisedHandle>
  readonly conversation: Child<SupervisedHandle>
  /** Whether sound comes from devices, which come back; a file that ended or broke does not. */
  readonly isLive: boolean
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
}

/** Longer than a branch needs to be given up itself, so that one that keeps failing gets past the root's intensity. */
const ROOT_PERIOD_MS = 600_000

/**
 * The tree of the design: root (one_for_one) over actions, models and voice, each rest_for_one. It starts at once, and
 * stops with the scope. `fatal` of what is returned says that the root gave up.
 */
export const openAssistantTree = (
  options: AssistantTreeOptions,
): Effect.Effect<Supervisor<SupervisedHandle>, never, Scope.Scope> => {
  const { actions, models, audio, conversation, isLive, clock, onReport } = options
  const restart = isLive ? "permanent" : "temporary"
  const branch = { clock, onReport, strategy: "rest_for_one" } as const
  return makeSupervisor<SupervisedHandle>({
    id: "root",
    clock,
    onReport,
    pastIntensity: "escalate",
    periodMs: ROOT_PERIOD_MS,
    children: [
      {
        child: subtree({ ...branch, id: "actions", children: actions.map((child) => ({ child })) }),
        shutdown: "infinity",
        pastIntensity: "break",
      },
      { child: models, shutdown: "infinity" },
      {
        child: subtree({
          ...branch,
          id: "voice",
          children: [
            { child: audio, restart },
            { child: conversation, restart: isLive ? "transient" : "temporary" },
          ],
        }),
        shutdown: "infinity",
      },
    ],
  })
}
