import { AuditDesk } from "../../src/security/audit/audit-desk.ts"
import type { AuditReply } from "../../src/security/audit/audit-messages.ts"
import type { StartAuditThread } from "../../src/security/audit/audit-thread.ts"

/** The audit log's thread without a thread: the same desk and the same database, on this one. Needs nothing built. */
export const inlineAuditThread: StartAuditThread = (data, { onReply, onGone }) => {
  let isGone = false
  const gone = (): void => {
    if (isGone) return
    isGone = true
    onGone("its thread ended")
  }
  const send = (reply: AuditReply): void => {
    // As a message: a copy, and later.
    const copy = structuredClone(reply)
    setImmediate(() => {
      onReply(copy)
      if (copy.type === "lost" || copy.type === "closed") gone()
    })
  }
  const desk = new AuditDesk({ ...data, send })
  desk.open()
  return {
    post: (request) => {
      desk.receive(structuredClone(request))
      setImmediate(() => desk.work())
    },
    end: async () => gone(),
  }
}
