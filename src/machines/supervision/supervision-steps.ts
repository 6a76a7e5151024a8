import type { ExitReason } from "../../ports/child.ts"
import type {
  ChildRecord,
  SupervisionCommand,
  SupervisionState,
  SupervisionStep,
  SupervisorEnd,
  SupervisorReport,
} from "./supervision-types.ts"

/** The smallest moves that the decisions are made of, each a state and the commands that go with it. */
export const unchanged = (state: SupervisionState): SupervisionStep => ({ state, commands: [] })

export const step = (
  state: SupervisionState,
  child: ChildRecord,
  commands: readonly SupervisionCommand[],
): SupervisionStep => ({
  state: {
    ...state,
    children: state.children.map((other) => (other.spec.id === child.spec.id ? child : other)),
  },
  commands,
})

export const andThen = (first: SupervisionStep, second: SupervisionStep): SupervisionStep => ({
  state: second.state,
  commands: [...first.commands, ...second.commands],
})

export const start = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  const incarnation = child.incarnation + 1
  const starting: ChildRecord = {
    ...child,
    phase: "starting",
    incarnation,
    retryAtMs: undefined,
    restarts: child.restarts + (child.cause === "restart" ? 1 : 0),
  }
  return step({ ...state, startQueue: state.startQueue.filter((id) => id !== child.spec.id) }, starting, [
    { type: "child.start", id: child.spec.id, incarnation },
  ])
}

export const stop = (state: SupervisionState, child: ChildRecord): SupervisionStep =>
  step(state, { ...child, phase: "stopping" }, [
    {
      type: "child.stop",
      id: child.spec.id,
      incarnation: child.incarnation,
      shutdown: state.brutal ? "brutal" : child.spec.shutdown,
    },
  ])

/** Nothing is started any more; what runs is stopped by the next `advance`. The first reason is the one that counts. */
export const beginEnd = (state: SupervisionState, end: SupervisorEnd): SupervisionState => ({
  ...state,
  mode: state.mode === "stopped" ? "stopped" : "stopping",
  end: state.end ?? end,
  stopQueue: [],
  startQueue: [],
})

export const report = (
  state: SupervisionState,
  child: ChildRecord,
  context: SupervisorReport["context"],
  atMs: number,
  reason?: ExitReason,
): SupervisionCommand => ({
  type: "report",
  report: { supervisor: state.id, child: child.spec.id, context, reason, attempt: child.restarts, atMs },
})

/** Up, or on its way up or down: there is something to wait for before it is gone. */
export const isThere = ({ phase }: ChildRecord): boolean =>
  phase === "starting" || phase === "running" || phase === "stopping"
