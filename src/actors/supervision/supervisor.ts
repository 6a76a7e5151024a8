import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createActor } from "xstate"
import { checkSupervisor } from "../../machines/supervision/supervision-check.ts"
import { describeEnd, describeExit, isFatal } from "../../machines/supervision/supervision-end.ts"
import {
  type ChildRecord,
  type ChildSpec,
  childSpec,
  type SupervisionEvent,
  type SupervisionState,
  type SupervisorEnd,
  type SupervisorFlags,
  type SupervisorReport,
  supervisorFlags,
} from "../../machines/supervision/supervision-types.ts"
import { supervisorMachine } from "../../machines/supervision/supervisor.ts"
import type { Child, Handle } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import { within } from "../timing.ts"
import { untilAnswer } from "../until-answer.ts"
import { type Life, startLife } from "./supervised-life.ts"

/** Something that is supervised is away: down, or not up in time. `message` says what is known and what comes next. */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  readonly child: string
  readonly message: string
}> {}

/** A supervisor ended though nobody asked for it. At the root, the process cannot go on. */
export class SupervisorFailed extends Data.TaggedError("SupervisorFailed")<{
  readonly supervisor: string
  readonly end: SupervisorEnd
  readonly message: string
}> {}

/** What the adapter asks of a handle beyond the port, where the child has it. */
export type SupervisedHandle = Handle & { readonly pid?: number; isAlive?(): boolean }

export interface Supervised<H extends Handle> extends Partial<Omit<ChildSpec, "id">> {
  readonly child: Child<H>
}

export interface ChildStatus
  extends Omit<ChildRecord, "spec" | "history" | "wantedAgain" | "incarnation" | "cause"> {
  readonly id: string
}

export interface Supervisor<H extends Handle> {
  /** The running child; starts one that is idle and waits, at most `deadlineMs`, for one that is on its way. */
  handle(id: string, deadlineMs: number): Effect.Effect<H, Unavailable>
  /**
   * Stops the child and keeps it down until the next `handle`. Ends when its process is gone. Fails, like `handle`, for one
   * that the supervisor does not have: OTP's `not_found`.
   */
  stopChild(id: string): Effect.Effect<void, Unavailable>
  /** In start order. */
  children(): readonly ChildStatus[]
  /** Stops all in reverse order; ends when all are gone. */
  readonly stopAll: Effect.Effect<void>
  /** The same; after `ms` milliseconds what is left is killed. */
  stop(ms: number): Effect.Effect<void>
  /** Waits until each child that starts with the supervisor is up, or was given up by a breaker. */
  readonly started: Effect.Effect<void, SupervisorFailed>
  /** Waits for the end, whoever brought it about. */
  readonly ended: Effect.Effect<SupervisorEnd>
  /** Never succeeds; fails when the supervisor gives up, past its intensity or for a child that cannot start. */
  readonly fatal: Effect.Effect<never, SupervisorFailed>
}

/** The flags are one_for_one with a breaker for each child, unless told. */
export interface SupervisorOptions<H extends Handle> extends Partial<SupervisorFlags> {
  readonly id: string
  /** In start order. */
  readonly children: readonly Supervised<H>[]
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
}

/**
 * Runs a supervisor until its scope closes, which stops all children. The machine decides; this starts and stops, and
 * says what happened. Flags or specs that make no sense are a defect: see `checkSupervisor`.
 */
export const makeSupervisor = <H extends SupervisedHandle>(
  options: SupervisorOptions<H>,
): Effect.Effect<Supervisor<H>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => run(options)),
    (supervisor) => supervisor.stopAll,
  )

const run = <H extends SupervisedHandle>(options: SupervisorOptions<H>): Supervisor<H> => {
  const { id, children, clock, onReport, ...given } = options
  const flags = supervisorFlags(given)
  const specs = children.map(({ child, ...spec }) => childSpec({ ...spec, id: child.id }))
  const invalid = checkSupervisor(id, flags, specs)
  if (invalid !== undefined) throw new Error(invalid.message)

  const byId = new Map(children.map((supervised) => [supervised.child.id, supervised.child]))
  const actor = createActor(supervisorMachine, { clock, input: { id, children: specs, flags } })
  const lives = new Map<string, Life<H>>()
  /** A child may end after the supervisor has. */
  const tell = (event: SupervisionEvent): void => {
    if (actor.getSnapshot().status === "active") actor.send(event)
  }
  actor.on("child.start", ({ id: childId, incarnation }) => {
    const child = byId.get(childId)
    if (child !== undefined) lives.set(childId, startLife({ child, incarnation, clock, tell }))
  })
  actor.on("child.stop", ({ id: childId, shutdown }) => lives.get(childId)?.stop(shutdownMs(shutdown)))
  actor.on("report", ({ report }) => onReport?.(report))
  actor.start()
  actor.send({ type: "supervisor.start" })

  const state = (): SupervisionState => actor.getSnapshot().context
  const record = (childId: string): ChildRecord | undefined =>
    state().children.find(({ spec }) => spec.id === childId)

  /** The answer that the present state gives, or undefined if it may still change by itself. */
  const answerNow = (childId: string, before: number): Effect.Effect<H, Unavailable> | undefined => {
    const handle = record(childId)?.phase === "running" ? lives.get(childId)?.handle() : undefined
    if (handle !== undefined && handle.isAlive?.() !== false) return Effect.succeed(handle)
    const refusal = refusalOf(childId, state(), before, clock.now())
    return refusal === undefined ? undefined : Effect.fail(unavailable(childId, refusal))
  }

  const ended = untilAnswer(actor, () => {
    const { mode, end = { type: "stopped" } } = state()
    return mode === "stopped" ? Effect.succeed<SupervisorEnd>(end) : undefined
  })
  const failed = (end: SupervisorEnd): SupervisorFailed =>
    new SupervisorFailed({ supervisor: id, end, message: describeEnd(id, end) })

  const stopAll = Effect.suspend(() => {
    tell({ type: "supervisor.stop" })
    return Effect.asVoid(ended)
  })

  const kill = Effect.suspend(() => {
    tell({ type: "supervisor.kill" })
    return Effect.asVoid(ended)
  })

  return {
    handle: (childId, deadlineMs) =>
      Effect.suspend(() => {
        const before = record(childId)?.incarnation ?? 0
        tell({ type: "child.wanted", id: childId, nowMs: clock.now() })
        const late = () =>
          Effect.fail(unavailable(childId, `was not up within ${deadlineMs} ms (${record(childId)?.phase})`))
        return within(
          untilAnswer(actor, () => answerNow(childId, before)),
          { clock, ms: deadlineMs, late },
        )
      }),
    stopChild: (childId) =>
      Effect.suspend(() => {
        if (!byId.has(childId)) return Effect.fail(unavailable(childId, NOT_FOUND))
        tell({ type: "child.unwanted", id: childId })
        return untilAnswer(actor, () => (isDown(record(childId)) ? Effect.void : undefined))
      }),
    children: () =>
      state().children.map(
        ({ spec, history: _, wantedAgain: __, incarnation: ___, cause: ____, ...status }) => ({
          id: spec.id,
          ...status,
        }),
      ),
    stopAll,
    stop: (ms) => (ms > 0 ? within(stopAll, { clock, ms, late: () => kill }) : kill),
    started: untilAnswer(actor, () => {
      const { mode, end } = state()
      if (mode === "running") return Effect.void
      return mode === "stopped" && end !== undefined ? Effect.fail(failed(end)) : undefined
    }),
    ended,
    fatal: Effect.flatMap(ended, (end) => (isFatal(end) ? Effect.fail(failed(end)) : Effect.never)),
  }
}

const shutdownMs = (shutdown: ChildSpec["shutdown"]): number =>
  shutdown === "brutal" ? 0 : shutdown === "infinity" ? Number.POSITIVE_INFINITY : shutdown

const isDown = (record: ChildRecord | undefined): boolean =>
  record === undefined || !["starting", "running", "stopping"].includes(record.phase)

const NOT_FOUND = "is not one of this supervisor's children"

/** Why a request cannot be met any more, as the rest of a sentence. `before` is the life that it did not ask for. */
const refusalOf = (
  id: string,
  { children, mode, end, startQueue }: SupervisionState,
  before: number,
  nowMs: number,
): string | undefined => {
  const record = children.find(({ spec }) => spec.id === id)
  if (record === undefined) return NOT_FOUND
  if (mode === "stopping" || mode === "stopped") {
    return `is away: its supervisor ${end === undefined || end.type === "stopped" ? "is stopping" : "gave up"}`
  }
  const why = record.lastExit === undefined ? "there is nothing to run" : describeExit(record.lastExit)
  if (record.phase === "broken") {
    const seconds = Math.ceil(Math.max(0, (record.retryAtMs ?? nowMs) - nowMs) / 1000)
    return `ended ${record.restarts + 1} times, at last: ${why}; the next attempt is possible in ${seconds} s`
  }
  const isOver = record.phase === "idle" || record.phase === "ended"
  return isOver && record.incarnation > before && !startQueue.includes(id) ? `is down: ${why}` : undefined
}

const unavailable = (child: string, what: string): Unavailable =>
  new Unavailable({ child, message: `"${child}" ${what}.` })
