import * as Effect from "effect/Effect"
import type { Containers } from "../../ports/containers.ts"
import type { ContainerAction } from "../../ports/guard.ts"
import type {
  GuardedTool,
  Operation,
  Performed,
  Prepared,
  Target,
  TargetFailure,
} from "../../ports/guarded-tool.ts"
import type { Policy, PolicyRow } from "../../security/policy.ts"
import { malformed, parametersOf, readArguments } from "../tool-arguments.ts"
import { isOfRow } from "./container-identity.ts"
import { capital, failureWords } from "./container-speech.ts"

/** One action, as a tool that takes a container's name and nothing else. */
export interface RowTool {
  readonly name: string
  readonly action: ContainerAction
  readonly description: string
  /** In front of the container's name: "restart", "read the log of". */
  readonly verb: string
  perform(row: PolicyRow, target: Target | undefined): Effect.Effect<Performed>
  reconcile?(row: PolicyRow, target: Target | undefined, sinceMs: number): Effect.Effect<Performed>
}

/** Not offered to a model where the table allows the action for no container; asked for by name, it is refused. */
export const rowTool = (
  policy: Policy,
  engine: Containers,
  { name: tool, action, description, verb, perform, reconcile }: RowTool,
): GuardedTool => {
  const operations = policy.containers.flatMap((row): Operation[] => {
    const tier = policy.tierOf(row.name, action)
    if (tier === undefined) return []
    const { name, spoken } = row
    const args = Object.freeze({ container: name })
    return [
      Object.freeze({
        tool,
        tier,
        subject: name,
        container: name,
        arguments: args,
        spoken: `${verb} ${spoken}`,
      }),
    ]
  })

  /** What goes on is the table's own row, whatever the operation says besides its name. */
  const withRow = (
    { container }: Operation,
    use: (row: PolicyRow) => Effect.Effect<Performed>,
  ): Effect.Effect<Performed> => {
    const row = container === undefined ? undefined : policy.row(container)
    return row === undefined || policy.tierOf(row.name, action) === undefined
      ? Effect.succeed({ outcome: "failed", speech: "I may not do that; I did nothing.", observed: {} })
      : use(row)
  }

  return {
    offered: operations.length > 0,
    definition: {
      name: tool,
      description,
      parameters: parametersOf(
        { container: { type: "string", enum: operations.map(({ subject }) => subject) } },
        ["container"],
      ),
    },
    prepare: (args): Prepared => {
      const name = readArguments(args, ["container"])?.get("container")
      if (typeof name !== "string") return malformed("I need the name of one container for that.")
      const row = policy.row(name)
      if (row === undefined)
        return { type: "refused", code: "unknown-container", speech: "I don't know that container." }
      const operation = operations.find(({ subject }) => subject === row.name)
      return operation === undefined
        ? { type: "refused", code: "not-permitted", speech: `I'm not allowed to ${verb} ${row.spoken}.` }
        : { type: "operation", operation }
    },
    identify: ({ container }) => {
      const row = container === undefined ? undefined : policy.row(container)
      if (row === undefined) return Effect.fail(notMeant("that container"))
      return engine.inspect(row.name).pipe(
        Effect.mapError((failure): TargetFailure => {
          const speech = `${failureWords(failure, row.spoken)}.`
          return { code: failure.reason === "not-found" ? "identity" : "engine-away", speech }
        }),
        Effect.flatMap((facts) =>
          isOfRow(facts, row) ? Effect.succeed({ id: facts.id }) : Effect.fail(notMeant(row.spoken)),
        ),
      )
    },
    perform: (operation, target) => withRow(operation, (row) => perform(row, target)),
    ...(reconcile === undefined
      ? {}
      : {
          reconcile: (operation: Operation, target: Target | undefined, sinceMs: number) =>
            withRow(operation, (row) => reconcile(row, target, sinceMs)),
        }),
  }
}

const notMeant = (spoken: string): TargetFailure => ({
  code: "identity",
  speech: capital(`${spoken} on the server isn't the one I was set up for, so I did nothing.`),
})
