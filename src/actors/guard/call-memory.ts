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

const OUTCOMES: ReadonlySet<string> = new Set<OperationOutcome>([
  "done",
  "unchanged",
  "failed",
  "identity-changed",
  "unknown",
])

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
}

/** What of an earlier result can be said again: how it ended, but not what was seen. */
const resultOf = ({ kind, tool, tier, decision, reason, hash }: AuditRow): ToolResult | undefined => {
  const code = isDenialCode(reason) ? reason : "internal"
  if (kind === "denied") return denialOf(code)
  if (kind !== "outcome") return undefined
  if (!isOutcome(decision)) return denialOf(code)
  return {
    type: "receipt",
    receiptId: hash,
    tool: tool ?? "unknown",
    tier,
    outcome: decision,
    speech: again[decision],
    observed: {},
  }
}

const again: Readonly<Record<OperationOutcome, string>> = {
  done: "I did that already.",
  unchanged: "There was nothing to do.",
  failed: "That didn't work.",
  "identity-changed": "That's not the container that was meant any more.",
  unknown: "I don't know whether that worked.",
}

const isOutcome = (text: string | undefined): text is OperationOutcome =>
  text !== undefined && OUTCOMES.has(text)
