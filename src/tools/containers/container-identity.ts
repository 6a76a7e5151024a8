import type { ContainerFacts } from "../../ports/containers.ts"
import type { Performed, Target } from "../../ports/guarded-tool.ts"
import type { PolicyRow } from "../../security/policy.ts"
import { capital } from "./container-speech.ts"

/**
 * True if what the engine found is what the row means: the exact name, a full id, and the labels that the row asks for. A
 * label is never enough.
 */
export const isOfRow = (facts: ContainerFacts, row: PolicyRow): boolean =>
  facts.name === row.name &&
  /^[0-9a-f]{64}$/.test(facts.id) &&
  (row.project === undefined || facts.composeProject === row.project) &&
  (row.service === undefined || facts.composeService === row.service)

/** What goes into the audit log and to whoever asked; no text that somebody else wrote. */
export const observedOf = (
  row: PolicyRow,
  facts: ContainerFacts | undefined,
): Readonly<Record<string, string | number>> =>
  facts === undefined
    ? { container: row.name }
    : {
        container: row.name,
        id: facts.id,
        state: facts.state,
        health: facts.health,
        exitCode: facts.exitCode,
        restarts: facts.restarts,
        ...(facts.startedAtMs === undefined ? {} : { startedAtMs: facts.startedAtMs }),
      }

/** The container is another one than was meant. */
export const identityChanged = (row: PolicyRow, target: Target | undefined, done: boolean): Performed => ({
  outcome: "identity-changed",
  speech: capital(
    done
      ? `${row.spoken} was replaced by another container meanwhile; please check it.`
      : `${row.spoken} was replaced by another container meanwhile; I did nothing.`,
  ),
  observed: { ...observedOf(row, undefined), ...(target === undefined ? {} : { expectedId: target.id }) },
})
