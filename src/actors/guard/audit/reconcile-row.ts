import * as Effect from "effect/Effect"
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

/**
 * What became of an intent of an earlier life. The log is no authority for names: the tool itself makes the operation
 * from the arguments on record, and it has to be the same one. Where that cannot be, or nobody can tell: `unknown`.
 */
export const reconcileRow = (
  row: AuditRow,
  options: {
    readonly tools: ReadonlyMap<string, GuardedTool>
    readonly redactor: Pick<Redactor, "redact">
    /** Monotonic. */
    readonly clock: Clock
    readonly deadlineMs: number
  },
): Effect.Effect<Ending> =>
  Effect.suspend(() => {
    const { tools, redactor, clock, deadlineMs } = options
    const tool = tools.get(row.tool ?? "")
    const operation = tool && operationOf(row, tool)
    if (tool?.reconcile === undefined || operation === undefined) return Effect.succeed(unknown)
    const target = row.targetId === undefined ? undefined : { id: row.targetId }
    const found = tool
      .reconcile(operation, target, row.atMs)
      .pipe(
        Effect.flatMap(({ outcome, observed }) =>
          Effect.map(
            redactPayload(redactor, { observed }),
            (payload): Ending => ({ outcome, reason: INTERRUPTED, payload }),
          ),
        ),
      )
    return within(found, { clock, ms: deadlineMs, late: () => Effect.succeed(unknown) })
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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
