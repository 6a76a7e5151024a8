import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import type { AuditReply, AuditRequest, AuditThreadData } from "./audit-messages.ts"

/** The thread of a log, or a stand-in in tests. */
export interface AuditThread {
  /** Raises an error where the request cannot be sent. */
  post(request: AuditRequest): void
  /** Ends it at once; rows that wait are lost, and were not acknowledged. */
  end(): Promise<unknown>
}

export interface AuditThreadEvents {
  onReply(reply: AuditReply): void
  /** It is gone. Called once, also after `end`. */
  onGone(why: string): void
}

export type StartAuditThread = (data: AuditThreadData, events: AuditThreadEvents) => AuditThread

export const startAuditThread: StartAuditThread = (data, { onReply, onGone }) => {
  let why = "its thread ended"
  const worker = new Worker(entry(), { workerData: data, name: "audit" })
  worker.on("message", (reply: AuditReply) => onReply(reply))
  worker.on("error", (error) => {
    why = `its thread failed: ${error instanceof Error ? error.name : "unknown"}`
  })
  worker.on("exit", () => onGone(why))
  return { post: (request) => worker.postMessage(request), end: () => worker.terminate() }
}

/** The compiled thread. When this file runs as TypeScript (the tests), that is the one that `npm run build` wrote. */
const entry = (): string =>
  fileURLToPath(
    new URL(
      import.meta.url.endsWith(".ts") ? "../../../dist/security/audit/audit-worker.js" : "./audit-worker.js",
      import.meta.url,
    ),
  )
