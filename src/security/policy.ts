import type { ContainerAction, Tier } from "../ports/guard.ts"
import { spokenName } from "../text/spoken-name.ts"
import { actionTier, CONTAINER_ACTIONS } from "./container-actions.ts"
import type { ContainerEntry } from "./policy/container-entry.ts"
import { looksLikeDatabase } from "./policy/looks-like-database.ts"
import { aliasesOf } from "./policy/policy-aliases.ts"
import { type PolicyProblem, policyProblems } from "./policy/policy-problems.ts"

/** One container of the frozen table. */
export interface PolicyRow {
  readonly name: string
  readonly actions: readonly ContainerAction[]
  readonly database: boolean
  /** How the name is said aloud: "n eight n". */
  readonly spoken: string
  /** Further ways of saying it: the configuration's, then the well-known ones that nobody else has. */
  readonly aliases: readonly string[]
  /** How long the engine waits for it to stop before it kills it. */
  readonly graceSeconds: number
  /** Compose labels that the container must have, where they are given: a cross-check, never a grant. */
  readonly project: string | undefined
  readonly service: string | undefined
}

/**
 * What may be done to which container. Nothing of it can be changed; names and actions are compared exactly, and what
 * reaches the engine is `PolicyRow.name`, never a caller's text.
 */
export interface Policy {
  readonly containers: readonly PolicyRow[]
  row(name: string): PolicyRow | undefined
  /** Undefined where the container is unknown or the action is not in its row. */
  tierOf(name: string, action: string): Tier | undefined
}

export type BuiltPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/** A database may have much to write down before it ends. */
const DATABASE_GRACE_S = 60

/** The table of these containers, or everything that is wrong with them. `stopGraceS` is for those that name none. */
export function buildPolicy(
  entries: readonly ContainerEntry[],
  { stopGraceS = 10 }: { readonly stopGraceS?: number } = {},
): BuiltPolicy {
  const problems = policyProblems(entries)
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, policy: policyOf(entries.map((entry) => rowOf(entry, entries, stopGraceS))) }
}

function rowOf(entry: ContainerEntry, entries: readonly ContainerEntry[], stopGraceS: number): PolicyRow {
  const database = entry.database ?? looksLikeDatabase(entry.name)
  const fallback = database ? Math.max(DATABASE_GRACE_S, stopGraceS) : stopGraceS
  return Object.freeze({
    name: entry.name,
    actions: Object.freeze(CONTAINER_ACTIONS.filter((action) => entry.allow.includes(action))),
    database,
    spoken: entry.spoken ?? spokenName(entry.name),
    aliases: Object.freeze(aliasesOf(entry, entries)),
    graceSeconds: entry.stopGraceS ?? fallback,
    project: entry.project,
    service: entry.service,
  })
}

function policyOf(rows: readonly PolicyRow[]): Policy {
  const containers = Object.freeze([...rows])
  // Loops and `===` alone: no property is looked up by a caller's text, and no method that could be replaced is called.
  const row = (name: string): PolicyRow | undefined => {
    for (let i = 0; i < containers.length; i++) if (containers[i]?.name === name) return containers[i]
    return undefined
  }
  const tierOf = (name: string, action: string): Tier | undefined => {
    const found = row(name)
    if (found === undefined) return undefined
    for (let i = 0; i < found.actions.length; i++) {
      const allowed = found.actions[i]
      if (allowed !== undefined && allowed === action) return actionTier(allowed, found.database)
    }
    return undefined
  }
  return Object.freeze({ containers, row: Object.freeze(row), tierOf: Object.freeze(tierOf) })
}
