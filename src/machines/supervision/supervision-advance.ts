import { andThen, isThere, start, step, stop } from "./supervision-steps.ts"
import type { SupervisionState, SupervisionStep } from "./supervision-types.ts"

/**
 * What a supervisor does next of its own accord. Stopping everything: the last child that is still there, once none is
 * on its way down. Otherwise first what a group has to bring down, last first, and then the next start in order.
 */
export const advance = (done: SupervisionStep): SupervisionStep => {
  switch (done.state.mode) {
    case "stopped":
      return done
    case "stopping":
      return stopAll(done)
    default:
      return settle(startNext(bringDown(done)))
  }
}

const stopAll = (done: SupervisionStep): SupervisionStep => {
  const waiting = done.state.children.filter(({ phase }) => phase === "backing-off")
  const settled = waiting.reduce(
    (before, child) =>
      andThen(
        before,
        step(before.state, { ...child, phase: "idle" }, [{ type: "timer.clear", id: child.spec.id }]),
      ),
    done,
  )
  const last = settled.state.children.findLast(isThere)
  if (last === undefined) return { ...settled, state: { ...settled.state, mode: "stopped" } }
  if (settled.state.children.some(({ phase }) => phase === "stopping")) return settled
  return andThen(settled, stop(settled.state, last))
}

const bringDown = (done: SupervisionStep): SupervisionStep => {
  const left = done.state.children.filter(
    (child) => done.state.stopQueue.includes(child.spec.id) && isThere(child),
  )
  const state: SupervisionState = { ...done.state, stopQueue: left.map(({ spec }) => spec.id) }
  const last = left.at(-1)
  if (last === undefined || left.some(({ phase }) => phase === "stopping")) return { ...done, state }
  return andThen(done, stop(state, last))
}

/** The next child in order, once none is on its way up. One that is there already was asked for meanwhile. */
const startNext = (done: SupervisionStep): SupervisionStep => {
  const { state } = done
  const [id, ...rest] = state.startQueue
  const child = state.children.find(({ spec }) => spec.id === id)
  const busy = state.children.some(({ phase }) => phase === "starting")
  if (child === undefined || busy || state.stopQueue.length > 0) return done
  switch (child.phase) {
    case "idle":
    case "ended":
      return andThen(done, start(state, child))
    case "backing-off":
    case "stopping":
      return done
    default:
      return startNext({ ...done, state: { ...state, startQueue: rest } })
  }
}

/** The supervisor is up when nothing of its own start is left to do. */
const settle = (done: SupervisionStep): SupervisionStep => {
  const { mode, startQueue, stopQueue, children } = done.state
  const busy = children.some(({ phase, cause }) => phase === "starting" && cause === "boot")
  if (mode !== "starting" || startQueue.length > 0 || stopQueue.length > 0 || busy) return done
  return { ...done, state: { ...done.state, mode: "running" } }
}
