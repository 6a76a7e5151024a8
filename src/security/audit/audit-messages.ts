import type { AuditFailure, AuditRow } from "../../ports/audit.ts"
import type { EntryToWrite } from "./audit-row.ts"

/** From the log to its thread. Answered in the order in which they were sent. */
export type AuditRequest =
  | { readonly type: "append"; readonly id: number; readonly entry: EntryToWrite }
  | { readonly type: "recent"; readonly id: number; readonly ms: number }
  | { readonly type: "orphans"; readonly id: number }
  | { readonly type: "checkpoint"; readonly id: number }
  /** Signs what is not signed yet and gives everything back. Nothing is answered after it. */
  | { readonly type: "close"; readonly id: number }

/** An AuditError without its cause, which no message can carry. */
export type PlainFailure = Pick<AuditFailure, "reason" | "message">

/** From the thread. */
export type AuditReply =
  | { readonly type: "opened"; readonly verifierKey: string }
  | { readonly type: "rows"; readonly id: number; readonly rows: readonly AuditRow[] }
  | { readonly type: "note"; readonly id: number; readonly note: string }
  | { readonly type: "closed"; readonly id: number }
  | { readonly type: "failed"; readonly id: number; readonly failure: PlainFailure }
  /** The log could not be opened, or nobody knows any more what the disk holds: the thread ends. */
  | { readonly type: "lost"; readonly failure: PlainFailure }

/** What the thread is started with. */
export interface AuditThreadData {
  readonly folder: string
  readonly version: string
  readonly checkpointRows: number
  readonly checkpointMs: number
  /** Texts are erased when they are so old. */
  readonly retentionMs: number
  readonly busyMs: number
  readonly maxPages?: number | undefined
}
