import type { ExitReason } from "../ports/child.ts"
import { decideRestart, NO_RESTARTS } from "./restart-policy.ts"
import {
  type ChildRecord,
  type ChildSpec,
  newChild,
  type SupervisionCommand,
  type SupervisionEvent,
  type SupervisionState,
  type SupervisionStep,
  type SupervisorReport,
} from "./supervision-types.ts"

/**
 * The decisions of a one_for_one supervisor, without effects: a state and an event in, a state and commands out.
 * Children start in order, each when the one before is up or has failed, and stop in reverse order, one by one.
 */
export const superviseNothing = (id: string, specs: readonly ChildSpec[]): SupervisionState => ({
  id,
  mode: "running",
  children: specs.map(newChild),
  startQueue: specs.filter((spec) => spec.start !== "on-demand").map((spec) => spec.id),
})

/** An event about a child that the supervisor does not have, or about an earlier incarnation, changes nothing. */
export const supervise = (state: SupervisionState, event: SupervisionEvent): SupervisionStep => {
  switch (event.type) {
    case "supervisor.start":
      return startNext({ state, commands: [] })
    case "supervisor.stop":
      return stopNext({ state: { ...state, mode: "stopping", startQueue: [] }, commands: [] })
    default: {
      const child = state.children.find(({ spec }) => spec.id === event.id)
      if (child === undefined || isStale(child, event)) return { state, commands: [] }
      const next = about(state, child, event)
      return next.state.mode === "running" ? startNext(next) : stopNext(next)
    }
  }
}

type ChildEvent = Exclude<SupervisionEvent, { readonly type: "supervisor.start" | "supervisor.stop" }>

const isStale = (child: ChildRecord, event: ChildEvent): boolean =>
  "incarnation" in event && event.incarnation !== child.incarnation

const about = (state: SupervisionState, child: ChildRecord, event: ChildEvent): SupervisionStep => {
  switch (event.type) {
    case "child.started":
      return started(state, child, event.nowMs, event.pid)
    case "child.start-failed":
      return ended(state, child, event.nowMs, "start-error", { type: "crashed", error: event.message })
    case "child.exited":
      return ended(state, child, event.nowMs, "child-terminated", event.reason)
    case "child.restart-due":
      return child.phase === "backing-off" ? start(state, child) : unchanged(state)
    case "child.wanted":
      return wanted(state, child, event.nowMs)
    case "child.unwanted":
      return unwanted(state, child)
  }
}

const started = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  pid: number | undefined,
): SupervisionStep => {
  // A stop that was asked for while the child was starting is already on its way.
  if (child.phase !== "starting") return unchanged(state)
  const up: ChildRecord = { ...child, phase: "running", upSinceMs: nowMs, pid }
  return step(state, up, [report(state, up, "started", nowMs)])
}

/** A child is gone, or never came up. Told twice, it counts once. */
const ended = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  context: "start-error" | "child-terminated",
  reason: ExitReason,
): SupervisionStep => {
  if (child.phase !== "starting" && child.phase !== "running" && child.phase !== "stopping") {
    return unchanged(state)
  }
  const down: ChildRecord = { ...child, pid: undefined, upSinceMs: undefined, lastExit: reason }
  if (child.phase === "stopping" || state.mode === "stopping") {
    const again = child.wantedAgain && state.mode === "running"
    const idle: ChildRecord = { ...down, phase: "idle", wantedAgain: false }
    const stopped = step(state, idle, [report(state, idle, "shutdown", nowMs, reason)])
    return again ? then(stopped, start(stopped.state, idle)) : stopped
  }
  const noted = [report(state, down, context, nowMs, reason)]
  if (!mayRestart(child.spec, context, reason)) return step(state, { ...down, phase: "ended" }, noted)

  const ranMs = child.upSinceMs === undefined ? 0 : nowMs - child.upSinceMs
  const decision = decideRestart(child.spec.policy, child.history, nowMs, ranMs)
  const next: ChildRecord = { ...down, history: decision.history }
  switch (decision.type) {
    case "restart-now":
      return then(step(state, next, noted), restart(state, next))
    case "restart-after":
      return step(state, { ...next, phase: "backing-off" }, [
        ...noted,
        { type: "timer.set", id: child.spec.id, delayMs: decision.delayMs },
      ])
    case "give-up":
      return step(state, { ...next, phase: "broken", retryAtMs: decision.retryAtMs }, [
        ...noted,
        report(state, next, "breaker-open", nowMs, reason),
      ])
  }
}

/** OTP: a permanent child always restarts, a transient one after an abnormal end, a temporary one never. */
const mayRestart = (
  spec: ChildSpec,
  context: "start-error" | "child-terminated",
  reason: ExitReason,
): boolean => {
  if (spec.restart === "temporary") return false
  if (spec.restart === "permanent" || context === "start-error") return true
  return reason.type !== "normal" && reason.type !== "shutdown"
}

/** Somebody needs the child. */
const wanted = (state: SupervisionState, child: ChildRecord, nowMs: number): SupervisionStep => {
  if (state.mode !== "running") return unchanged(state)
  switch (child.phase) {
    case "idle":
    case "ended":
      return start(state, child)
    case "stopping":
      return step(state, { ...child, wantedAgain: true }, [])
    case "broken":
      if (child.retryAtMs !== undefined && nowMs < child.retryAtMs) return unchanged(state)
      return restart(state, { ...child, retryAtMs: undefined, history: { ...NO_RESTARTS, probing: true } })
    default:
      return unchanged(state)
  }
}

/** The child is to stop and to stay so until it is wanted. */
const unwanted = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  switch (child.phase) {
    case "starting":
    case "running":
      return stop(state, child)
    case "stopping":
      return step(state, { ...child, wantedAgain: false }, [])
    case "backing-off":
      return step(state, { ...child, phase: "idle" }, [{ type: "timer.clear", id: child.spec.id }])
    default:
      return unchanged(state)
  }
}

const start = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  const incarnation = child.incarnation + 1
  const starting: ChildRecord = { ...child, phase: "starting", incarnation, retryAtMs: undefined }
  return step(state, starting, [{ type: "child.start", id: child.spec.id, incarnation }])
}

const restart = (state: SupervisionState, child: ChildRecord): SupervisionStep =>
  start(state, { ...child, restarts: child.restarts + 1 })

const stop = (state: SupervisionState, child: ChildRecord): SupervisionStep =>
  step(state, { ...child, phase: "stopping" }, [
    { type: "child.stop", id: child.spec.id, incarnation: child.incarnation, shutdown: child.spec.shutdown },
  ])

/** The first start of the next child in order, once none is on its way up. */
const startNext = (done: SupervisionStep): SupervisionStep => {
  const [id, ...rest] = done.state.startQueue
  const busy = done.state.children.some(({ phase }) => phase === "starting")
  const child = done.state.children.find(({ spec }) => spec.id === id)
  if (child === undefined || busy) return done
  const state: SupervisionState = { ...done.state, startQueue: rest }
  const next = child.phase === "idle" ? start(state, child) : unchanged(state)
  return startNext(then(done, next))
}

/** The stop of the last child that is still there, once none is on its way down. */
const stopNext = (done: SupervisionStep): SupervisionStep => {
  const waiting = done.state.children.filter(({ phase }) => phase === "backing-off")
  const settled = waiting.reduce((before, child) => then(before, unwanted(before.state, child)), done)
  if (settled.state.children.some(({ phase }) => phase === "stopping")) return settled
  const last = settled.state.children.findLast(({ phase }) => phase === "starting" || phase === "running")
  if (last !== undefined) return then(settled, stop(settled.state, last))
  return { state: { ...settled.state, mode: "stopped" }, commands: settled.commands }
}

const unchanged = (state: SupervisionState): SupervisionStep => ({ state, commands: [] })

const step = (
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

const then = (first: SupervisionStep, second: SupervisionStep): SupervisionStep => ({
  state: second.state,
  commands: [...first.commands, ...second.commands],
})

const report = (
  state: SupervisionState,
  child: ChildRecord,
  context: SupervisorReport["context"],
  atMs: number,
  reason?: ExitReason,
): SupervisionCommand => ({
  type: "report",
  report: { supervisor: state.id, child: child.spec.id, context, reason, attempt: child.restarts, atMs },
})
