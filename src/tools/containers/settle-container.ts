import * as Effect from "effect/Effect"
import type { Clock } from "../../ports/clock.ts"
import type { ContainerFacts, Containers } from "../../ports/containers.ts"
import type { Performed, Target } from "../../ports/guarded-tool.ts"
import type { PolicyRow } from "../../security/policy.ts"
import { identityChanged, isOfRow, observedOf } from "./container-identity.ts"
import { capital, stateWords } from "./container-speech.ts"

export interface ContainerTimes {
  /** How long a container that was started may take to be healthy before "not healthy yet" is said. */
  readonly healthMs: number
  /** A container without a health check that still runs after this has started; one that was to stop has this long. */
  readonly settleMs: number
  /** Between two looks. */
  readonly pollMs: number
}

export const CONTAINER_TIMES: ContainerTimes = { healthMs: 60_000, settleMs: 2_000, pollMs: 500 }

export interface SettleOptions {
  readonly engine: Containers
  /** Monotonic. */
  readonly clock: Clock
  readonly times: ContainerTimes
}

/** What a start or a restart is said to have done, when it has: "was restarted", "was started". */
export interface Started {
  readonly row: PolicyRow
  readonly target: Target
  readonly done: string
  /** Before the start; the same value afterwards means that nothing was started. */
  readonly startedBeforeMs: number | undefined
}

/** Looks until it is known what became of a start that the engine took for done. Ends within `healthMs` and one look. */
export const settleStarted = (options: SettleOptions, started: Started): Effect.Effect<Performed> =>
  Effect.suspend(() => {
    const { row, done } = started
    const { clock, times } = options
    const sinceMs = clock.now()
    let upMs: number | undefined
    let last: ContainerFacts | undefined
    const say = (outcome: Performed["outcome"], words: string): Performed => ({
      outcome,
      speech: capital(`${row.spoken} ${words}.`),
      observed: observedOf(row, last),
    })
    const judge = (facts: ContainerFacts, ms: number): Performed | undefined => {
      if (!isLater(facts.startedAtMs, started.startedBeforeMs)) return undefined
      if (facts.startedAtMs !== last?.startedAtMs || facts.state !== last?.state) upMs = ms
      last = facts
      switch (facts.state) {
        case "exited":
        case "dead":
          return say("failed", `${done}, but stopped again with exit code ${facts.exitCode}`)
        case "running":
          if (facts.health === "healthy") return say("done", `${done} and is healthy`)
          if (facts.health === "unhealthy") return say("done", `${done}, but isn't healthy`)
          if (facts.health === "none" && ms - (upMs ?? ms) >= times.settleMs)
            return say("done", `${done} and is running`)
          return undefined
        case "paused":
          return say("done", `${done}, and is paused`)
        default:
          return undefined
      }
    }
    const late = (): Performed => {
      if (last?.state === "running" && last.health === "starting")
        return say("done", `${done}, but isn't healthy yet`)
      if (last?.state === "running") return say("done", `${done} and is running`)
      if (last !== undefined) return say("failed", `${done}, but is ${stateWords(last)}`)
      return say("unknown", "may have started; I couldn't see it")
    }
    return watch(options, started, (facts) => judge(facts, clock.now()), times.healthMs, sinceMs, late)
  })

/** Looks until the container is down, which it is at once where the engine told the truth. */
export const settleStopped = (
  options: SettleOptions,
  stopped: { readonly row: PolicyRow; readonly target: Target },
): Effect.Effect<Performed> =>
  Effect.suspend(() => {
    const { row } = stopped
    let last: ContainerFacts | undefined
    const judge = (facts: ContainerFacts): Performed | undefined => {
      last = facts
      return isDown(facts)
        ? { outcome: "done", speech: capital(`${row.spoken} is stopped.`), observed: observedOf(row, facts) }
        : undefined
    }
    const late = (): Performed => ({
      outcome: "unknown",
      speech: capital(
        last === undefined
          ? `${row.spoken} may be stopped; I couldn't see it.`
          : `${row.spoken} was to be stopped, but is ${stateWords(last)}.`,
      ),
      observed: observedOf(row, last),
    })
    return watch(options, stopped, judge, options.times.settleMs, options.clock.now(), late)
  })

/** Nothing of it runs. */
export const isDown = ({ state }: ContainerFacts): boolean =>
  state === "exited" || state === "created" || state === "dead"

/** Both by the engine's clock. */
export const isLater = (afterMs: number | undefined, beforeMs: number | undefined): boolean =>
  afterMs !== undefined && (beforeMs === undefined || afterMs > beforeMs)

const watch = (
  { engine, clock, times }: SettleOptions,
  { row, target }: { readonly row: PolicyRow; readonly target: Target },
  judge: (facts: ContainerFacts) => Performed | undefined,
  withinMs: number,
  sinceMs: number,
  late: () => Performed,
): Effect.Effect<Performed> =>
  Effect.gen(function* () {
    for (;;) {
      const seen = yield* Effect.result(engine.inspect(row.name))
      if (seen._tag === "Success") {
        if (!isOfRow(seen.success, row) || seen.success.id !== target.id)
          return identityChanged(row, target, true)
        const verdict = judge(seen.success)
        if (verdict !== undefined) return verdict
      } else if (seen.failure.reason === "not-found") return identityChanged(row, target, true)
      if (clock.now() - sinceMs >= withinMs) return late()
      yield* pause(clock, times.pollMs)
    }
  })

const pause = (clock: Clock, ms: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = clock.setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clock.clearTimeout(timer))
  })
