import type { ExitReason } from "../../ports/child.ts"
import { addRestart } from "./restart-policy.ts"
import { andThen, beginEnd, isThere, report, start, step, unchanged } from "./supervision-steps.ts"
import type { ChildRecord, SupervisionState, SupervisionStep } from "./supervision-types.ts"

/**
 * A restart that counts against the whole supervisor. `child` is down; those of its group that are up are brought down
 * in reverse order, and the group starts again in order, once the back-off is over. A further failure meanwhile, of
 * whichever child, is one more restart, and its group is joined to what is still to be done.
 */
export const restartCounted = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  reason: ExitReason,
): SupervisionStep => {
  const decision = addRestart(state.flags, state.restartsAtMs, nowMs)
  if (decision.type === "past-intensity") return escalate(state, child, nowMs, reason, decision.restarts)

  const delayed = decision.type === "restart-after"
  const pivot: ChildRecord = { ...child, cause: "restart", phase: delayed ? "backing-off" : "idle" }
  const counted = step(
    { ...state, restartsAtMs: decision.restartsAtMs },
    pivot,
    delayed ? [{ type: "timer.set", id: pivot.spec.id, delayMs: decision.delayMs }] : [],
  )
  if (state.flags.strategy !== "one_for_one") return andThen(counted, gather(counted.state, pivot))
  return delayed ? counted : andThen(counted, start(counted.state, pivot))
}

/** Past its intensity a supervisor cannot help: it stops all, and its end tells its parent. */
const escalate = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  reason: ExitReason,
  restarts: number,
): SupervisionStep => {
  const noted = step(state, child, [report(state, child, "escalated", nowMs, reason)])
  const { periodMs } = state.flags
  const end = { type: "escalated", child: child.spec.id, reason, restarts, periodMs } as const
  return { state: beginEnd(noted.state, end), commands: noted.commands }
}

/** Queues the pivot's group to be stopped and to be started again. */
const gather = (state: SupervisionState, pivot: ChildRecord): SupervisionStep => {
  const group = groupOf(state, pivot)
  const again = new Set(
    group.filter((child) => child.spec.id === pivot.spec.id || returns(child)).map(({ spec }) => spec.id),
  )
  const waiting = group.filter(({ phase, spec }) => phase === "backing-off" && spec.id !== pivot.spec.id)
  const prepared = state.children.map(
    (child): ChildRecord =>
      again.has(child.spec.id) && child.spec.id !== pivot.spec.id
        ? {
            ...child,
            phase: child.phase === "backing-off" ? "idle" : child.phase,
            cause: child.incarnation === 0 ? child.cause : "restart",
            wantedAgain: false,
          }
        : child,
  )
  return {
    state: {
      ...state,
      children: prepared,
      stopQueue: inOrder(state, new Set([...state.stopQueue, ...group.filter(isThere).map(idOf)])),
      startQueue: inOrder(state, new Set([...state.startQueue, ...again])),
    },
    commands: waiting.map(({ spec }) => ({ type: "timer.clear", id: spec.id })),
  }
}

const groupOf = ({ children, flags }: SupervisionState, pivot: ChildRecord): readonly ChildRecord[] =>
  flags.strategy === "one_for_all"
    ? children
    : children.slice(children.findIndex(({ spec }) => spec.id === pivot.spec.id))

/**
 * Whether a member comes back with its group. As in OTP a temporary one does not, and a transient one that ended by
 * itself does. Unlike OTP, one that was told to stop stays down, and so does an on-demand one that nobody asked for.
 */
const returns = ({ spec, phase, wantedAgain }: ChildRecord): boolean => {
  if (spec.restart === "temporary") return false
  return (
    wantedAgain || phase === "starting" || phase === "running" || phase === "backing-off" || phase === "ended"
  )
}

/** A request joins the queue, so that in a group no two children start at once. */
export const enqueue = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  const { state: marked } = step(state, { ...child, cause: "request", wantedAgain: false }, [])
  return unchanged({ ...marked, startQueue: inOrder(marked, new Set([...marked.startQueue, child.spec.id])) })
}

/**
 * A child that waits for its restart is told to stay down. As in OTP the restart of its group is over with that: what
 * comes after it stays down until it is asked for.
 */
export const abandonRestart = (state: SupervisionState, { spec }: ChildRecord): SupervisionState => {
  const at = state.startQueue.indexOf(spec.id)
  if (at < 0) return state
  const restarting = new Set(state.children.filter(({ cause }) => cause === "restart").map(idOf))
  return { ...state, startQueue: state.startQueue.filter((id, i) => i < at || !restarting.has(id)) }
}

const inOrder = ({ children }: SupervisionState, ids: ReadonlySet<string>): readonly string[] =>
  children.map(idOf).filter((id) => ids.has(id))

const idOf = ({ spec }: ChildRecord): string => spec.id
