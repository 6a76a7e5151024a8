import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { createActor } from "xstate"
import {
  type ChildRecord,
  type ChildSpec,
  childSpec,
  type SupervisionEvent,
  type SupervisorReport,
} from "../machines/supervision-types.ts"
import { supervisorMachine } from "../machines/supervisor.ts"
import type { Child, ExitReason, Handle } from "../ports/child.ts"
import type { Clock } from "../ports/clock.ts"
import { within } from "./timing.ts"
import { untilAnswer } from "./until-answer.ts"

/** Something that is supervised is away: down, or not up in time. `message` says what is known and what comes next. */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  readonly child: string
  readonly message: string
}> {}

/** What the adapter asks of a handle beyond the port, where the child has it. */
export type SupervisedHandle = Handle & { readonly pid?: number; isAlive?(): boolean }

export interface Supervised<H extends Handle> extends Partial<Omit<ChildSpec, "id">> {
  readonly child: Child<H>
}

export interface ChildStatus extends Omit<ChildRecord, "spec" | "history" | "wantedAgain" | "incarnation"> {
  readonly id: string
}

export interface Supervisor<H extends Handle> {
  /** The running child; starts one that is idle and waits, at most `deadlineMs`, for one that is on its way. */
  handle(id: string, deadlineMs: number): Effect.Effect<H, Unavailable>
  /** Stops the child and keeps it down until the next `handle`. Ends when its process is gone. */
  stopChild(id: string): Effect.Effect<void>
  /** In start order. */
  children(): readonly ChildStatus[]
  /** Stops all in reverse order; ends when all are gone. */
  readonly stopAll: Effect.Effect<void>
}

export interface SupervisorOptions<H extends Handle> {
  readonly id: string
  /** In start order. */
  readonly children: readonly Supervised<H>[]
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: SupervisorReport) => void) | undefined
}

/**
 * Runs a supervisor until its scope closes, which stops all children. The machine decides; this starts and stops, one
 * fiber an incarnation, and says what happened.
 */
export const makeSupervisor = <H extends SupervisedHandle>(
  options: SupervisorOptions<H>,
): Effect.Effect<Supervisor<H>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => run(options)),
    (supervisor) => supervisor.stopAll,
  )

const run = <H extends SupervisedHandle>(options: SupervisorOptions<H>): Supervisor<H> => {
  const { id, children, clock, onReport } = options
  const byId = new Map(children.map((supervised) => [supervised.child.id, supervised.child]))
  const actor = createActor(supervisorMachine, {
    clock,
    input: { id, children: children.map(({ child, ...spec }) => childSpec({ ...spec, id: child.id })) },
  })
  const up = new Map<string, { readonly incarnation: number; readonly handle: H }>()
  const fibers = new Map<string, Fiber.Fiber<void>>()
  /** A child may end after the supervisor has. */
  const tell = (event: SupervisionEvent): void => {
    if (actor.getSnapshot().status === "active") actor.send(event)
  }

  /** One life of a child, from its start until its scope is closed; says how it ended, whichever way that was. */
  const live = (child: Child<H>, incarnation: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const scope = Scope.makeUnsafe()
      return child.start().pipe(
        Scope.provide(scope),
        Effect.flatMap((handle) => {
          up.set(child.id, { incarnation, handle })
          tell({
            type: "child.started",
            id: child.id,
            incarnation,
            nowMs: clock.now(),
            pid: handle.pid,
          })
          return handle.exited
        }),
        Effect.onExit((exit) =>
          Effect.flatMap(Scope.close(scope, exit), () =>
            Effect.sync(() => {
              if (up.get(child.id)?.incarnation === incarnation) up.delete(child.id)
              tell(ending(child.id, incarnation, clock.now(), exit))
            }),
          ),
        ),
        Effect.exit,
        Effect.asVoid,
      )
    })

  actor.on("child.start", ({ id: childId, incarnation }) => {
    const child = byId.get(childId)
    if (child !== undefined) fibers.set(childId, Effect.runFork(live(child, incarnation)))
  })
  actor.on("child.stop", ({ id: childId, shutdown }) => {
    const running = up.get(childId)
    const fiber = fibers.get(childId)
    // The fiber tells that the child is gone. One that is not up yet has only its start to interrupt.
    if (running !== undefined) Effect.runFork(running.handle.stop(shutdown === "brutal" ? 0 : shutdown))
    else if (fiber !== undefined) Effect.runFork(Fiber.interrupt(fiber))
  })
  actor.on("report", ({ report }) => onReport?.(report))
  actor.start()
  actor.send({ type: "supervisor.start" })

  const record = (childId: string): ChildRecord | undefined =>
    actor.getSnapshot().context.children.find(({ spec }) => spec.id === childId)

  /** The answer that the present state gives, or undefined if it may still change by itself. */
  const answerNow = (childId: string): Effect.Effect<H, Unavailable> | undefined => {
    const found = record(childId)
    const running = up.get(childId)
    if (found?.phase === "running" && running !== undefined && running.handle.isAlive?.() !== false) {
      return Effect.succeed(running.handle)
    }
    const refusal = refusalOf(childId, found, actor.getSnapshot().context.mode, clock.now())
    return refusal === undefined ? undefined : Effect.fail(refusal)
  }

  return {
    handle: (childId, deadlineMs) =>
      Effect.suspend(() => {
        tell({ type: "child.wanted", id: childId, nowMs: clock.now() })
        const late = () =>
          Effect.fail(unavailable(childId, `was not up within ${deadlineMs} ms (${record(childId)?.phase})`))
        return within(
          untilAnswer(actor, () => answerNow(childId)),
          { clock, ms: deadlineMs, late },
        )
      }),
    stopChild: (childId) =>
      Effect.suspend(() => {
        tell({ type: "child.unwanted", id: childId })
        return untilAnswer(actor, () => (isDown(record(childId)) ? Effect.void : undefined))
      }),
    children: () =>
      actor
        .getSnapshot()
        .context.children.map(({ spec, history: _, wantedAgain: __, incarnation: ___, ...status }) => ({
          id: spec.id,
          ...status,
        })),
    stopAll: Effect.suspend(() => {
      tell({ type: "supervisor.stop" })
      return untilAnswer(actor, () => (actor.getSnapshot().status === "active" ? undefined : Effect.void))
    }),
  }
}

const ending = (
  id: string,
  incarnation: number,
  nowMs: number,
  exit: Exit.Exit<ExitReason, { readonly message: string }>,
) => {
  if (Exit.isSuccess(exit)) {
    return { type: "child.exited", id, incarnation, nowMs, reason: exit.value } as const
  }
  const [cause] = exit.cause.reasons
  switch (cause?._tag) {
    case "Fail":
      return { type: "child.start-failed", id, incarnation, nowMs, message: cause.error.message } as const
    case "Die":
      return { type: "child.start-failed", id, incarnation, nowMs, message: String(cause.defect) } as const
    default:
      return { type: "child.exited", id, incarnation, nowMs, reason: { type: "shutdown" } } as const
  }
}

const isDown = (record: ChildRecord | undefined): boolean =>
  record === undefined || !["starting", "running", "stopping"].includes(record.phase)

const refusalOf = (
  id: string,
  record: ChildRecord | undefined,
  mode: "running" | "stopping" | "stopped",
  nowMs: number,
): Unavailable | undefined => {
  if (record === undefined) return unavailable(id, "is not one of this supervisor's children")
  if (mode !== "running") return unavailable(id, "is away: the supervisor is stopping")
  if (record.phase !== "broken") return undefined
  const seconds = Math.ceil(Math.max(0, (record.retryAtMs ?? nowMs) - nowMs) / 1000)
  return unavailable(
    id,
    `ended ${record.restarts + 1} times, at last because of ${record.lastExit?.type}; the next attempt is possible in ${seconds} s`,
  )
}

const unavailable = (child: string, what: string): Unavailable =>
  new Unavailable({ child, message: `"${child}" ${what}.` })
