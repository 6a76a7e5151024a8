import * as Effect from "effect/Effect"
import { configuredEngine } from "../../config/configured-engine.ts"
import { configuredPolicy } from "../../config/configured-policy.ts"
import type { Config } from "../../config/definition.ts"
import type { ContainerFacts, ContainerFailure } from "../../ports/containers.ts"
import { engineAddress } from "../../security/engine-host.ts"
import type { PolicyRow } from "../../security/policy.ts"
import { askApiVersion } from "../../tools/containers/api-version.ts"
import { isOfRow } from "../../tools/containers/container-identity.ts"
import { makeDockerEngine } from "../../tools/containers/docker-engine.ts"
import { makeEngineCalls } from "../../tools/containers/engine-calls.ts"
import { type Check, type Finding, fail, ok, warn } from "./check.ts"

const ANSWER_MS = 4_000
const CHECK_MS = 25_000
const NOT_USED = "not used: docker.host is not set"

/** Whether the container engine answers, and has each container of the table. Nothing is contacted where none is set. */
export function engineChecks(config: Config): readonly Check[] {
  const host = configuredEngine(config)
  if (host === undefined) {
    return ["docker.engine", "docker.containers"].map((id) => ({ id, run: () => ok(NOT_USED) }))
  }
  const address = engineAddress(host)
  return [
    {
      id: "docker.engine",
      timeoutMs: CHECK_MS,
      run: () =>
        askApiVersion(makeEngineCalls(host), { engine: address, answerMs: ANSWER_MS }).pipe(
          Effect.match({
            onSuccess: (version): Finding => ok(`${address} speaks ${version} of the API`),
            onFailure: failed,
          }),
          Effect.runPromise,
        ),
    },
    {
      id: "docker.containers",
      timeoutMs: CHECK_MS,
      run: () => {
        const { containers } = configuredPolicy(config)
        if (containers.length === 0)
          return warn("no container is in the table", "add a table [containers.NAME] to the configuration")
        return makeDockerEngine({ host, answerMs: ANSWER_MS, onSecret: () => {} })
          .list(containers.map(({ name }) => name))
          .pipe(
            Effect.match({ onSuccess: (found) => containersFinding(containers, found), onFailure: failed }),
            Effect.runPromise,
          )
      },
    },
  ]
}

function containersFinding(rows: readonly PolicyRow[], found: readonly ContainerFacts[]): Finding {
  const factsOf = (row: PolicyRow) => found.find(({ name }) => name === row.name)
  const missing = rows.filter((row) => factsOf(row) === undefined)
  if (missing.length > 0)
    return warn(
      `not on the engine: ${missing.map(({ name }) => name).join(", ")}`,
      "correct the name in [containers.NAME]: it is the engine's own, as `docker ps -a` prints it",
    )
  const other = rows.filter((row) => {
    const facts = factsOf(row)
    return facts !== undefined && !isOfRow(facts, row)
  })
  if (other.length > 0)
    return warn(
      `of another compose project or service than the table says: ${other.map(({ name }) => name).join(", ")}`,
      "correct project or service in [containers.NAME]",
    )
  return ok(rows.map((row) => `${row.name} ${factsOf(row)?.state}`).join(", "))
}

/** The messages of the engine's adapter end in what to do about it. */
const failed = ({ message }: ContainerFailure): Finding => {
  const [summary = message, fix = "see the engine's log"] = message.replace(/\.$/, "").split("; ")
  return fail(summary, fix)
}
