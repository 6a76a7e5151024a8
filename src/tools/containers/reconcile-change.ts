import * as Effect from "effect/Effect"
import type { ContainerFacts, Containers } from "../../ports/containers.ts"
import type { Performed, Reconciled, Target } from "../../ports/guarded-tool.ts"
import type { PolicyRow } from "../../security/policy.ts"
import { identityChanged, isOfRow, observedOf } from "./container-identity.ts"
import { capital, stateWords } from "./container-speech.ts"
import { isDown, isLater } from "./settle-container.ts"

/** What was seen before a change, by this process. */
export interface BeforeChange {
  readonly id: string
  /** By the engine's clock. */
  readonly startedAtMs: number | undefined
  /** By the wall clock. */
  readonly atMs: number
}

export interface ReconcileOptions {
  readonly engine: Containers
  readonly wallNow: () => number
}

/** The change whose end was not seen. */
export interface Unseen {
  readonly row: PolicyRow
  readonly target: Target | undefined
  /** By the wall clock: the change was begun no earlier. */
  readonly sinceMs: number
  /** Absent after a restart of this process. */
  readonly before: BeforeChange | undefined
}

/** After the container's grace, an engine that has not done it by then will not. */
const STILL_AT_IT_MS = 60_000
/** The engine tells its time to the second, and the answer takes its time as well. */
const CLOCK_DOUBT_MS = 2_000
/** Clocks that differ by more are not compared. */
const MOST_SKEW_MS = 5_000

/**
 * What became of a change, as far as the container shows it: `done` only if it was started after the change was begun, or
 * is down after it was to be stopped. Without certainty it stays `unknown`: a start long after the change was begun may be
 * the engine's own, as after the server's reboot.
 */
export const reconcileChange = (
  { engine, wallNow }: ReconcileOptions,
  change: { readonly verb: "start" | "restart" | "stop"; readonly done: string },
  unseen: Unseen,
): Effect.Effect<Reconciled> =>
  Effect.map(Effect.result(engine.inspect(unseen.row.name)), (looked): Reconciled => {
    const { row, target, sinceMs } = unseen
    const say = (outcome: Performed["outcome"], words: string, facts?: ContainerFacts): Performed => ({
      outcome,
      speech: capital(`${row.spoken} ${words}.`),
      observed: observedOf(row, facts),
    })
    if (looked._tag === "Failure") {
      return looked.failure.reason === "not-found" && target !== undefined
        ? identityChanged(row, target, true)
        : {
            ...say("unknown", "can't be seen now, so I don't know what became of it"),
            unseen: looked.failure.reason !== "not-found",
          }
    }
    const facts = looked.success
    if (target === undefined)
      return say("unknown", `is ${stateWords(facts)}; I don't know whether I did that`, facts)
    if (facts.id !== target.id || !isOfRow(facts, row)) return identityChanged(row, target, true)
    const mayGoOn = wallNow() - sinceMs < longestMs(row)
    const pending = (): Performed =>
      say("unknown", `is ${stateWords(facts)}; I can't tell yet whether it ${change.done}`, facts)
    if (change.verb === "stop") {
      if (isDown(facts)) return say("done", "is stopped", facts)
      return mayGoOn ? pending() : say("failed", `was not stopped; it is ${stateWords(facts)}`, facts)
    }
    switch (startedSince(facts, unseen, wallNow())) {
      case "doubtful":
        return pending()
      case "yes":
        return isDown(facts)
          ? say("failed", `${change.done}, but is ${stateWords(facts)}`, facts)
          : say("done", `${change.done} and is ${stateWords(facts)}`, facts)
      case "no":
        if (change.verb === "start" && facts.state === "running")
          return say("unchanged", "is already running", facts)
        return mayGoOn
          ? pending()
          : say("failed", `was not ${change.verb}ed; it is ${stateWords(facts)}`, facts)
    }
  })

const longestMs = ({ graceSeconds }: PolicyRow): number => graceSeconds * 1_000 + STILL_AT_IT_MS

const startedSince = (
  facts: ContainerFacts,
  { row, target, sinceMs, before }: Unseen,
  nowMs: number,
): "yes" | "no" | "doubtful" => {
  if (before !== undefined && before.id === target?.id && before.atMs >= sinceMs)
    return isLater(facts.startedAtMs, before.startedAtMs) ? "yes" : "no"
  const { startedAtMs, engineNowMs } = facts
  if (startedAtMs === undefined) return "no"
  if (engineNowMs === undefined || Math.abs(engineNowMs - nowMs) > MOST_SKEW_MS) return "doubtful"
  // On the engine's clock; a start shortly before could be somebody else's.
  const sinceEngineMs = sinceMs + engineNowMs - nowMs
  if (startedAtMs < sinceEngineMs - CLOCK_DOUBT_MS) return "no"
  const isOurs =
    startedAtMs >= sinceEngineMs + CLOCK_DOUBT_MS && startedAtMs <= sinceEngineMs + longestMs(row)
  return isOurs ? "yes" : "doubtful"
}
