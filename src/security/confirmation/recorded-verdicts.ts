import type { AuditRow } from "../../ports/audit.ts"
import type { EarlierVerdict } from "../../ports/consent.ts"

/** A verdict as its row has it, with no age yet. */
export interface RecordedVerdict extends Omit<EarlierVerdict, "ageMs"> {
  readonly row: AuditRow
}

/**
 * What the desk counted, read from the rows about its verdicts, oldest first. Only columns are looked at: a text can be
 * erased. An early answer and our own voice are forgiven once in each call, as the desk does it; a PIN has a lock of its
 * own, on disk.
 */
export const recordedVerdicts = (
  rows: readonly AuditRow[],
  keyOf: (row: AuditRow) => string,
): readonly RecordedVerdict[] => {
  const forgiven = new Set<string>()
  const typeOf = ({ decision, reason, callId }: AuditRow): EarlierVerdict["type"] | undefined => {
    if (decision === "granted") return "granted"
    if (reason === "too-many-failures") return "locked"
    if (decision !== "ask-again") return undefined
    if (reason !== "too-early" && reason !== "own-voice") return "failed"
    const once = `${callId} ${reason}`
    if (forgiven.has(once)) return "failed"
    forgiven.add(once)
    return undefined
  }
  return rows.flatMap((row) => {
    const type = row.kind === "consent" && row.tier !== "danger" ? typeOf(row) : undefined
    return type === undefined ? [] : [{ type, operationKey: keyOf(row), row }]
  })
}
