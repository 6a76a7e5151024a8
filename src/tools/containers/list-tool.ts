import * as Effect from "effect/Effect"
import type { ContainerFacts, Containers } from "../../ports/containers.ts"
import type { GuardedTool, Operation, Performed, TargetFailure } from "../../ports/guarded-tool.ts"
import type { Policy, PolicyRow } from "../../security/policy.ts"
import { malformed, parametersOf, readArguments } from "../tool-arguments.ts"
import { isOfRow } from "./container-identity.ts"
import { capital, count, failureWords, listWords } from "./container-speech.ts"

/** More names than these are only counted. */
const MOST_NAMES = 4

type Standing = "running" | "unhealthy" | "stopped" | "absent"

/** `list_containers`: what is going on with those of the table that may be looked at; no others are asked for. */
export const listTool = (policy: Policy, engine: Containers): GuardedTool => {
  const rows = policy.containers.filter(({ name }) => policy.tierOf(name, "status") !== undefined)
  const name = "list_containers"
  const operation: Operation = Object.freeze({
    tool: name,
    tier: "read",
    subject: name,
    arguments: Object.freeze({}),
    spoken: "list the containers",
  })
  return {
    offered: rows.length > 0,
    definition: {
      name,
      description: "Lists the server's containers and whether they run.",
      parameters: parametersOf({}),
    },
    prepare: (args) => {
      if (readArguments(args, []) === undefined)
        return malformed("I need nothing else to list the containers.")
      return rows.length > 0
        ? { type: "operation", operation }
        : { type: "refused", code: "not-permitted", speech: "There is no container that I may look at." }
    },
    // An engine that is away is a denial, as for any other tool: nothing was looked at.
    identify: () =>
      engine.list(rows.slice(0, 1).map((row) => row.name)).pipe(
        Effect.as({ id: "engine" }),
        Effect.mapError(
          (failure): TargetFailure => ({
            code: "engine-away",
            speech: `${failureWords(failure, "the containers")}.`,
          }),
        ),
      ),
    perform: () =>
      engine.list(rows.map((row) => row.name)).pipe(
        Effect.map((found) => listed(rows, found)),
        Effect.catch((failure) =>
          Effect.succeed<Performed>({
            outcome: "failed",
            speech: `${failureWords(failure, "the containers")}.`,
            observed: { reason: failure.reason },
          }),
        ),
      ),
  }
}

const listed = (rows: readonly PolicyRow[], found: readonly ContainerFacts[]): Performed => {
  const all = rows.map((row) => ({ row, facts: found.find((facts) => isOfRow(facts, row)) }))
  const of = (standing: Standing): readonly string[] =>
    all.filter(({ facts }) => standingOf(facts) === standing).map(({ row }) => row.spoken)
  const parts = [
    part(of("running"), "running", rows.length),
    part(of("unhealthy"), "running but not healthy", rows.length),
    part(of("stopped"), "not running", rows.length),
    part(of("absent"), "missing", rows.length),
  ].filter((words) => words !== "")
  return {
    outcome: "done",
    speech: capital(`${parts.join("; ")}.`),
    observed: {
      containers: all.map(({ row, facts }) => ({
        container: row.name,
        state: facts?.state ?? "absent",
        health: facts?.health ?? "none",
      })),
    },
  }
}

const standingOf = (facts: ContainerFacts | undefined): Standing => {
  if (facts === undefined) return "absent"
  if (facts.state !== "running") return "stopped"
  return facts.health === "unhealthy" ? "unhealthy" : "running"
}

/** "n eight n and qdrant are running", "all 12 containers are running". */
const part = (names: readonly string[], words: string, total: number): string => {
  if (names.length === 0) return ""
  if (names.length <= MOST_NAMES) return `${listWords(names)} ${names.length === 1 ? "is" : "are"} ${words}`
  return `${names.length === total ? "all " : ""}${count(names.length, "container")} are ${words}`
}
