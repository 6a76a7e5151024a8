import * as Effect from "effect/Effect"
import type { ContainerFacts, ContainerFailure } from "../../ports/containers.ts"
import type { GuardedTool, Performed, Target } from "../../ports/guarded-tool.ts"
import type { Policy, PolicyRow } from "../../security/policy.ts"
import { identityChanged, isOfRow, observedOf } from "./container-identity.ts"
import { capital, failureWords, stateWords } from "./container-speech.ts"
import { type BeforeChange, reconcileChange } from "./reconcile-change.ts"
import { rowTool } from "./row-tool.ts"
import { isDown, type SettleOptions, settleStarted, settleStopped } from "./settle-container.ts"

export interface ChangeToolsOptions extends SettleOptions {
  readonly policy: Policy
  readonly wallNow: () => number
}

/** What differs between starting, restarting and stopping. */
export interface Change {
  readonly verb: "start" | "restart" | "stop"
  readonly description: string
  /** "was started" */
  readonly done: string
  /** Nothing is to be done: as it stands in "n eight n is already running". */
  already(facts: ContainerFacts): string | undefined
  act(engine: SettleOptions["engine"], row: PolicyRow): Effect.Effect<"done" | "unchanged", ContainerFailure>
}

const CHANGES: readonly Change[] = [
  {
    verb: "start",
    description: "Starts a container that is stopped.",
    done: "was started",
    already: ({ state }) => (state === "running" ? "running" : undefined),
    act: (engine, { name }) => engine.start(name),
  },
  {
    verb: "restart",
    description: "Stops a container and starts it again.",
    done: "was restarted",
    already: () => undefined,
    act: (engine, { name, graceSeconds }) => engine.restart(name, graceSeconds),
  },
  {
    verb: "stop",
    description: "Stops a container.",
    done: "was stopped",
    already: (facts) => (isDown(facts) ? "stopped" : undefined),
    act: (engine, { name, graceSeconds }) => engine.stop(name, graceSeconds),
  },
]

/** `start_container`, `restart_container` and `stop_container`: look, act by the table's name, look again. */
export const changeTools = (options: ChangeToolsOptions): readonly GuardedTool[] => {
  const { policy, engine } = options
  // What was seen before the last change of each kind: told by the engine's own clock, so that no two clocks are compared.
  const seen = new Map<string, BeforeChange>()
  return CHANGES.map((change) =>
    rowTool(policy, engine, {
      name: `${change.verb}_container`,
      action: change.verb,
      description: change.description,
      verb: change.verb,
      perform: (row, target) =>
        perform(options, change, row, target, (before) => seen.set(`${change.verb} ${row.name}`, before)),
      reconcile: (row, target, sinceMs) =>
        reconcileChange(options, change, {
          row,
          target,
          sinceMs,
          before: seen.get(`${change.verb} ${row.name}`),
        }),
    }),
  )
}

const perform = (
  options: ChangeToolsOptions,
  change: Change,
  row: PolicyRow,
  target: Target | undefined,
  remember: (before: BeforeChange) => void,
): Effect.Effect<Performed> =>
  Effect.gen(function* () {
    const { engine } = options
    const looked = yield* Effect.result(engine.inspect(row.name))
    if (looked._tag === "Failure") return undone(row, looked.failure)
    const before = looked.success
    if (target === undefined || before.id !== target.id || !isOfRow(before, row))
      return identityChanged(row, target, false)
    const already = change.already(before)
    if (already !== undefined) return unchanged(row, before, already)
    remember({ id: before.id, startedAtMs: before.startedAtMs, atMs: options.wallNow() })
    const acted = yield* Effect.result(change.act(engine, row))
    if (acted._tag === "Failure") return yield* broken(options, change, row, target, acted.failure)
    if (change.verb === "stop") {
      const stopped = yield* settleStopped(options, { row, target })
      return stopped.outcome === "done" && acted.success === "unchanged"
        ? { ...stopped, outcome: "unchanged" }
        : stopped
    }
    if (acted.success === "unchanged") return yield* foundRunning(options, row, target)
    return yield* settleStarted(options, {
      row,
      target,
      done: change.done,
      startedBeforeMs: before.startedAtMs,
    })
  })

const unchanged = (row: PolicyRow, facts: ContainerFacts, already: string): Performed => ({
  outcome: "unchanged",
  speech: capital(`${row.spoken} is already ${already}.`),
  observed: observedOf(row, facts),
})

/** Nothing was sent that changes anything. */
const undone = (row: PolicyRow, failure: ContainerFailure): Performed => ({
  outcome: "failed",
  speech: `${failureWords(failure, row.spoken)}; nothing was done.`,
  observed: { ...observedOf(row, undefined), reason: failure.reason },
})

/** The change had no good end. Whatever may have been done is looked at, and never said to be done. */
const broken = (
  { engine }: ChangeToolsOptions,
  { verb }: Change,
  row: PolicyRow,
  target: Target,
  failure: ContainerFailure,
): Effect.Effect<Performed> => {
  switch (failure.reason) {
    case "unreachable":
    case "not-found":
    case "conflict":
    case "refused":
      return Effect.succeed(undone(row, failure))
    case "timeout":
    case "bad-answer":
      return Effect.succeed({
        outcome: "unknown",
        speech: `I don't know whether I could ${verb} ${row.spoken}; the server didn't say.`,
        observed: { ...observedOf(row, undefined), reason: failure.reason },
      })
    case "server-error":
      return Effect.map(Effect.result(engine.inspect(row.name)), (looked): Performed => {
        const facts = looked._tag === "Success" ? looked.success : undefined
        if (facts !== undefined && (facts.id !== target.id || !isOfRow(facts, row)))
          return identityChanged(row, target, true)
        const now = facts === undefined ? "" : ` It is ${stateWords(facts)}.`
        return {
          outcome: "failed",
          speech: `The server couldn't ${verb} ${row.spoken}.${now}`,
          observed: { ...observedOf(row, facts), reason: failure.reason },
        }
      })
  }
}

/** Somebody else started it between the look and the deed. */
const foundRunning = (
  { engine }: ChangeToolsOptions,
  row: PolicyRow,
  target: Target,
): Effect.Effect<Performed> =>
  Effect.map(Effect.result(engine.inspect(row.name)), (looked): Performed => {
    if (looked._tag === "Failure") {
      return looked.failure.reason === "not-found"
        ? identityChanged(row, target, true)
        : {
            outcome: "unknown",
            speech: capital(`${row.spoken} may be running; I couldn't see it.`),
            observed: observedOf(row, undefined),
          }
    }
    const facts = looked.success
    if (facts.id !== target.id || !isOfRow(facts, row)) return identityChanged(row, target, true)
    return facts.state === "running"
      ? unchanged(row, facts, "running")
      : {
          outcome: "failed",
          speech: capital(`${row.spoken} is ${stateWords(facts)}.`),
          observed: observedOf(row, facts),
        }
  })
