import type { GuardedTool } from "../../ports/guarded-tool.ts"
import type { ToolResult } from "../../ports/tools.ts"
import type { AuditTrail } from "./audit/audit-trail.ts"
import type { GuardOptions } from "./guard-types.ts"
import type { SubjectQueue } from "./subject-queue.ts"
import type { Taint } from "./taint.ts"

/** What all calls share. */
export interface GuardParts
  extends Pick<GuardOptions, "desk" | "pin" | "limit" | "redactor" | "clock" | "wallNow" | "onUnheard"> {
  readonly tools: ReadonlyMap<string, GuardedTool>
  readonly trail: AuditTrail
  /** What a call of this id came to, as far as is known by now. */
  readonly earlier: (callId: string) => ToolResult | undefined
  readonly taint: Taint
  readonly queue: SubjectQueue
  /** The one call that somebody is asked about, by its id, and how. */
  readonly consent: { holder: string | undefined; by: "word" | "pin" | undefined }
  /** Denials since the last row about one that are not written down, because they were too many. */
  readonly denials: { unwritten: number }
}
