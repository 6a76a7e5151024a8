import * as Effect from "effect/Effect"
import { isRecord } from "../../../platform/is-record.ts"
import type { AuditRow } from "../../../ports/audit.ts"
import type { Clock } from "../../../ports/clock.ts"
import type { GuardedTool, Operation } from "../../../ports/guarded-tool.ts"
import type { Redactor } from "../../../ports/redaction.ts"
import { within } from "../../timing.ts"
import type { Ending } from "./audit-trail.ts"
import { redactPayload } from "./redact-payload.ts"

/** The reason of an outcome that was found out later. */
const INTERRUPTED = "interrupted"

const unknown: Ending = { outcome: "unknown", reason: INTERRUPTED, payload: undefined }

/** By then the start of a container tells little, and nobody waits for the answer. */
const GIVE_UP_MS = 24 * 3_600_000

/**
 * What became of an intent of an earlier life; undefined while nothing can be seen, for a day at most. The log is no
 * authority for names: the tool itself makes the operation from the arguments on record, and it has to be the same one.
 * Where that cannot be, or nobody can tell: `unknown`.
 */
export const reconcileRow = (
  row: AuditRow,
  options: {
    readonly tools: ReadonlyMap<string, GuardedTool>
    readonly redactor: Pick<Redactor, "redact">
    /** Monotonic. */
    readonly clock: Clock
    /** Wall clock. */
    readonly wallNow: () => number
    readonly deadlineMs: number
  },
): Effect.Effect<Ending | undefined> =>
  Effect.suspend(() => {
    const { tools, redactor, clock, wallNow, deadlineMs } = options
    const tool = tools.get(row.tool ?? "")
    const operation = tool && operationOf(row, tool)
    if (tool?.reconcile === undefined || operation === undefined) return Effect.succeed(unknown)
    const target = row.targetId === undefined ? undefined : { id: row.targetId }
    const later = Effect.sync(() => (wallNow() - row.atMs < GIVE_UP_MS ? undefined : unknown))
    const found = tool
      .reconcile(operation, target, row.atMs)
      .pipe(
        Effect.flatMap(({ outcome, observed, unseen }) =>
          unseen === true
            ? later
            : Effect.map(
                redactPayload(redactor, { observed }),
                (payload): Ending => ({ outcome, reason: INTERRUPTED, payload }),
              ),
        ),
      )
    return within(found, { clock, ms: deadlineMs, late: () => later })
  }).pipe(Effect.catchCause(() => Effect.succeed(unknown)))

const operationOf = (row: AuditRow, tool: GuardedTool): Operation | undefined => {
  const args = row.payload?.["arguments"]
  if (!isRecord(args)) return undefined
  const prepared = tool.prepare(args)
  if (prepared.type === "refused") return undefined
  const { operation } = prepared
  const isSame =
    operation.tool === row.tool && operation.container === row.container && operation.tier === row.tier
  return isSame ? operation : undefined
}
