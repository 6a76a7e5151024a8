import * as Effect from "effect/Effect"
import type { Redactor } from "../../../ports/redaction.ts"

type Redact = Pick<Redactor, "redact">

/** Longer text is looked at this far, and kept much less far: a secret that the cut goes through is not kept in part. */
const LOOKED_AT = 8000
const KEPT = 2000
const MAX_DEPTH = 6
const MAX_ITEMS = 100

/** What stands in the place of what could not be redacted. */
const WITHHELD = "[withheld]"

/** The same values with every text redacted and bounded. Keys are the tool's own. Never fails. */
export const redactPayload = (
  redactor: Redact,
  payload: Readonly<Record<string, unknown>>,
): Effect.Effect<Readonly<Record<string, unknown>>> =>
  Effect.catchCause(redactEntries(redactor, payload, 0), () => Effect.succeed({ payload: WITHHELD }))

/** Text of somebody else on its way out, once more. Never fails. */
export const redactText = (redactor: Redact, text: string, limit: number): Effect.Effect<string> =>
  Effect.catchCause(
    Effect.suspend(() =>
      Effect.map(redactor.redact(text.slice(0, limit + LOOKED_AT)), (redacted) => redacted.slice(0, limit)),
    ),
    () => Effect.succeed(WITHHELD),
  )

const redactEntries = (
  redactor: Redact,
  value: object,
  depth: number,
): Effect.Effect<Readonly<Record<string, unknown>>> =>
  Effect.map(
    Effect.forEach(entriesOf(value), ([key, item]) =>
      Effect.map(redactValue(redactor, item, depth + 1), (redacted) => [key, redacted] as const),
    ),
    Object.fromEntries,
  )

const entriesOf = (value: object) =>
  Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .slice(0, MAX_ITEMS)

const redactValue = (redactor: Redact, value: unknown, depth: number): Effect.Effect<unknown> =>
  Effect.suspend((): Effect.Effect<unknown> => {
    if (typeof value === "string") {
      return Effect.map(redactor.redact(value.slice(0, LOOKED_AT)), (text) => text.slice(0, KEPT))
    }
    if (typeof value === "number") return Effect.succeed(Number.isFinite(value) ? value : String(value))
    if (typeof value === "boolean" || value === null || value === undefined) return Effect.succeed(value)
    if (typeof value !== "object" || depth > MAX_DEPTH) return Effect.succeed(WITHHELD)
    if (Array.isArray(value)) {
      return Effect.forEach(value.slice(0, MAX_ITEMS), (item) => redactValue(redactor, item, depth + 1))
    }
    return redactEntries(redactor, value, depth)
  })
