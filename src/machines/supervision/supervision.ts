import type { ExitReason } from "../../ports/child.ts"
import { NO_RESTARTS } from "./restart-policy.ts"
import { advance } from "./supervision-advance.ts"
import { restartAlone } from "./supervision-breaker.ts"
import { abandonRestart, enqueue, restartCounted } from "./supervision-group.ts"
import { andThen, beginEnd, isThere, report, start, step, stop, unchanged } from "./supervision-steps.ts"
import {
  type ChildRecord,
  type ChildSpec,
  newChild,
  type SupervisionEvent,
  type SupervisionState,
  type SupervisionStep,
  type SupervisorFlags,
  supervisorFlags,
} from "./supervision-types.ts"

/**
 * The decisions of a supervisor, without effects: a state and an event in, a state and commands out. They are those of
 * Erlang/OTP's supervisor. It waits for a child that starts or stops, and this does not: what happens meanwhile is an
 * event like any other. In a one_for_one supervisor children are independent once it has started: one that is slow to
 * restart keeps no other waiting.
 */
export const superviseNothing = (
  id: string,
  specs: readonly ChildSpec[],
  flags: SupervisorFlags = supervisorFlags(),
): SupervisionState => ({
  id,
  flags,
  mode: "starting",
  end: undefined,
  brutal: false,
  children: specs.map(newChild),
  stopQueue: [],
  startQueue: specs.filter((spec) => spec.start !== "on-demand").map((spec) => spec.id),
  restartsAtMs: [],
})

/** An event about a child that the supervisor does not have, or about an earlier incarnation, changes nothing. */
export const supervise = (state: SupervisionState, event: SupervisionEvent): SupervisionStep => {
  switch (event.type) {
    case "supervisor.start":
      return advance(unchanged(state))
    case "supervisor.stop":
      return advance(unchanged(beginEnd(state, { type: "stopped" })))
    case "supervisor.kill":
      return kill(state)
    default: {
      const child = state.children.find(({ spec }) => spec.id === event.id)
      if (child === undefined || isStale(child, event)) return unchanged(state)
      return advance(about(state, child, event))
    }
  }
}

type ChildEvent = Extract<SupervisionEvent, { readonly id: string }>

const isStale = (child: ChildRecord, event: ChildEvent): boolean =>
  "incarnation" in event && event.incarnation !== child.incarnation

const about = (state: SupervisionState, child: ChildRecord, event: ChildEvent): SupervisionStep => {
  switch (event.type) {
    case "child.started":
      return started(state, child, event.nowMs, event.pid)
    case "child.start-failed":
      return ended(state, child, event.nowMs, "start-error", { type: "crashed", error: event.message })
    case "child.start-ignored":
      return ignored(state, child, event.nowMs)
    case "child.exited":
      return ended(state, child, event.nowMs, "child-terminated", event.reason)
    case "child.restart-due":
      return restartDue(state, child)
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

/** OTP's `ignore`: there is nothing to run. The child is kept, down, and may be asked for. */
const ignored = (state: SupervisionState, child: ChildRecord, nowMs: number): SupervisionStep => {
  if (child.phase !== "starting" && child.phase !== "stopping") return unchanged(state)
  const idle: ChildRecord = { ...child, phase: "idle", lastExit: undefined, wantedAgain: false }
  return step(state, idle, [report(state, idle, "start-ignored", nowMs)])
}

/** A child is gone, or never came up. Told twice, it counts once. */
const ended = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  context: "start-error" | "child-terminated",
  reason: ExitReason,
): SupervisionStep => {
  if (!isThere(child)) return unchanged(state)
  const down: ChildRecord = {
    ...child,
    pid: undefined,
    upSinceMs: undefined,
    lastExit: reason,
    phase: "idle",
  }
  if (child.phase === "stopping" || state.mode === "stopping") return stopped(state, down, nowMs, reason)

  const noted = step(state, down, [report(state, down, context, nowMs, reason)])
  // Its group is about to stop it: that it went by itself counts no more than the rest of the group does.
  if (state.stopQueue.includes(child.spec.id)) return noted
  const breaks = (child.spec.pastIntensity ?? state.flags.pastIntensity) === "break"
  if (context === "start-error" && child.cause !== "restart" && !breaks) {
    return child.cause === "boot" ? startFailed(noted, down, reason) : noted
  }
  if (!mayRestart(child.spec, context, reason)) {
    const over: ChildRecord = { ...down, phase: "ended" }
    return autoShutdown(andThen(noted, step(noted.state, over, [])), over, nowMs)
  }
  const restarted = breaks
    ? restartAlone(noted.state, down, nowMs, reason, child.upSinceMs)
    : restartCounted(noted.state, down, nowMs, reason)
  return andThen(noted, restarted)
}

const stopped = (
  state: SupervisionState,
  down: ChildRecord,
  nowMs: number,
  reason: ExitReason,
): SupervisionStep => {
  const idle: ChildRecord = { ...down, wantedAgain: false }
  const done = step(state, idle, [report(state, idle, "shutdown", nowMs, reason)])
  return down.wantedAgain ? andThen(done, wanted(done.state, idle, nowMs)) : done
}

/** OTP: a supervisor one of whose children cannot start does not start. */
const startFailed = (noted: SupervisionStep, { spec }: ChildRecord, reason: ExitReason): SupervisionStep => ({
  state: beginEnd(noted.state, { type: "start-failed", child: spec.id, reason }),
  commands: noted.commands,
})

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

/** What the end of a significant child means for the supervisor, as OTP's `do_auto_shutdown` decides it. */
const autoShutdown = (done: SupervisionStep, child: ChildRecord, nowMs: number): SupervisionStep => {
  const { state } = done
  if (child.spec.significant !== true || state.flags.autoShutdown === "never") return done
  const othersActive = state.children.some(
    ({ spec, phase }) =>
      spec.significant === true &&
      ((phase !== "idle" && phase !== "ended") || state.startQueue.includes(spec.id)),
  )
  if (state.flags.autoShutdown === "all_significant" && othersActive) return done
  return {
    state: beginEnd(state, { type: "auto-shutdown", child: child.spec.id }),
    commands: [...done.commands, report(state, child, "auto-shutdown", nowMs, child.lastExit)],
  }
}

const restartDue = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  if (child.phase !== "backing-off") return unchanged(state)
  if (state.flags.strategy === "one_for_one") return start(state, child)
  return step(state, { ...child, phase: "idle" }, [])
}

/** Somebody needs the child. */
const wanted = (state: SupervisionState, child: ChildRecord, nowMs: number): SupervisionStep => {
  if (state.mode === "stopping" || state.mode === "stopped") return unchanged(state)
  const queued = state.startQueue.includes(child.spec.id)
  switch (child.phase) {
    case "idle":
    case "ended":
      if (state.flags.strategy !== "one_for_one") return queued ? unchanged(state) : enqueue(state, child)
      return start(state, queued ? child : { ...child, cause: "request" })
    case "stopping":
      return queued ? unchanged(state) : step(state, { ...child, wantedAgain: true }, [])
    case "broken":
      if (child.retryAtMs !== undefined && nowMs < child.retryAtMs) return unchanged(state)
      return start(state, { ...child, cause: "restart", history: { ...NO_RESTARTS, probing: true } })
    default:
      return unchanged(state)
  }
}

/** The child is to stop and to stay so until it is wanted: OTP's `terminate_child`. */
const unwanted = (state: SupervisionState, child: ChildRecord): SupervisionStep => {
  const { id } = child.spec
  const without = ({ startQueue, ...rest }: SupervisionState): SupervisionState => ({
    ...rest,
    startQueue: startQueue.filter((other) => other !== id),
  })
  switch (child.phase) {
    case "starting":
    case "running":
      return stop(without(state), child)
    case "stopping":
      return step(without(state), { ...child, wantedAgain: false }, [])
    case "backing-off":
      return step(without(abandonRestart(state, child)), { ...child, phase: "idle" }, [
        { type: "timer.clear", id },
      ])
    default:
      return unchanged(without(child.cause === "restart" ? abandonRestart(state, child) : state))
  }
}

/** Whoever waited for the end does so no longer: also what is on its way down is killed. */
const kill = (state: SupervisionState): SupervisionStep => {
  const dying: SupervisionState = { ...beginEnd(state, { type: "stopped" }), brutal: true }
  const late = dying.children.filter(({ phase }) => phase === "stopping")
  return advance(late.reduce((done, child) => andThen(done, stop(done.state, child)), unchanged(dying)))
}
