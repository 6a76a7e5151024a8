import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { AuditDesk } from "./audit-desk.ts"
import type { AuditReply, AuditRequest, AuditThreadData } from "./audit-messages.ts"

/** The thread in which the database is: a slow disk holds up nobody but those who wait for a row. */
const run = (port: MessagePort, data: AuditThreadData): void => {
  const send = (reply: AuditReply): void => {
    port.postMessage(reply)
    if (reply.type === "lost" || reply.type === "closed") stop()
  }
  const desk = new AuditDesk({ ...data, send })
  let isWorkDue = false
  port.on("message", (request: AuditRequest) => {
    desk.receive(request)
    if (isWorkDue) return
    isWorkDue = true
    // After all messages that are there already: they become one transaction.
    setImmediate(() => {
      isWorkDue = false
      desk.work()
    })
  })
  const house = setInterval(() => desk.keepHouse(), data.checkpointMs)
  const stop = (): void => {
    clearInterval(house)
    port.close()
  }
  desk.open()
  if (desk.isOpen) desk.keepHouse()
}

const data: AuditThreadData = workerData
if (parentPort !== null) run(parentPort, data)
