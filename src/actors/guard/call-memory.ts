import type { AuditRow } from "../../ports/audit.ts"
import type { OperationOutcome } from "../../ports/guard.ts"
import type { ToolResult } from "../../ports/tools.ts"
import { denialOf, isDenialCode } from "./denial-speech.ts"

const MAX_RESULTS = 1000

interface Remembered {
  /** Of the call that it is the result of; undefined where only the log knows of it. */
  readonly fingerprint: string | undefined
  readonly result: ToolResult
}

/** The results of the last calls, by their id: the same id never acts twice. */
export class CallMemory {
  readonly #results = new Map<string, Remembered>()

  /** Undefined where the id is new. */
  find(callId: string): Remembered | undefined {
    return this.#results.get(callId)
  }

  remember(callId: string, fingerprint: string | undefined, result: ToolResult): void {
    this.#results.set(callId, { fingerprint, result })
    if (this.#results.size <= MAX_RESULTS) return
    const [oldest] = this.#results.keys()
    if (oldest !== undefined) this.#results.delete(oldest)
  }

  /** What an earlier life did, as its rows tell, oldest first. */
  recall(rows: readonly AuditRow[]): void {
    for (const row of rows) {
      const result = resultOf(row)
      if (row.callId !== undefined && result !== undefined && !this.#results.has(row.callId))
        this.remember(row.callId, undefined, result)
    }
  }

  /** What became of a call of an earlier life, or its intent where that is not known yet. */
  settle(row: AuditRow): void {
    const result = row.kind === "intent" ? receiptOf(row, "unknown") : resultOf(row)
    if (row.callId !== undefined && result !== undefined) this.remember(row.callId, undefined, result)
  }
}

/** What of an earlier result can be said again: how it ended, but not what was seen. */
const resultOf = (row: AuditRow): ToolResult | undefined => {
  const { kind, decision, reason } = row
  const code = isDenialCode(reason) ? reason : "internal"
  if (kind === "denied") return denialOf(code)
  if (kind !== "outcome") return undefined
  return isOutcome(decision) ? receiptOf(row, decision) : denialOf(code)
}

const receiptOf = ({ tool, tier, hash }: AuditRow, outcome: OperationOutcome): ToolResult => ({
  type: "receipt",
  receiptId: hash,
  tool: tool ?? "unknown",
  tier,
  outcome,
  speech: again[outcome],
  observed: {},
})

const again: Readonly<Record<OperationOutcome, string>> = {
  done: "I did that already.",
  unchanged: "There was nothing to do.",
  failed: "That didn't work.",
  "identity-changed": "That's not the container that was meant any more.",
  unknown: "I don't know whether that worked.",
}

const isOutcome = (text: string | undefined): text is OperationOutcome =>
  text !== undefined && Object.hasOwn(again, text)
