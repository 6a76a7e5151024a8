import { existsSync } from "node:fs"
import { type LogRecord, readLog } from "../../src/security/audit/read-log.ts"
import type { Acknowledgement } from "./acting-process.ts"

/** The rows of a log as they are at this moment; none where there is no log yet. */
export const loggedRows = (database: string, last?: number): readonly LogRecord[] => {
  if (!existsSync(database)) return []
  const log = readLog(database)
  try {
    return last === undefined ? [...log.all()] : log.tail(last)
  } finally {
    log.close()
  }
}

export const callOf = ({ details }: LogRecord): string => String(details["callId"])

/** The intent for that container that has no outcome yet, if it is one to do this. */
export const openIntent = (
  rows: readonly LogRecord[],
  container: string,
  tool: string,
): string | undefined => {
  const ended = new Set(rows.filter(({ kind }) => kind === "outcome").map(callOf))
  const open = rows.find(
    (row) =>
      row.kind === "intent" &&
      row.details["container"] === container &&
      row.details["tool"] === tool &&
      !ended.has(callOf(row)),
  )
  return open && callOf(open)
}

/** Whether what a caller was told is on record. */
export const isOnRecord = (
  told: Acknowledgement,
  rows: ReadonlyMap<string, readonly LogRecord[]>,
): boolean => {
  const own = rows.get(told.callId) ?? []
  switch (told.type) {
    case "asked":
      return own.some(({ kind }) => kind === "asked")
    case "receipt":
      return own.some(
        ({ kind, hash, details }) =>
          kind === "outcome" && hash === told.receiptId && details["decision"] === told.outcome,
      )
    case "denied":
      // Whoever is sent away to type the PIN: the question is on record, the call is not over.
      if (told.code === "pin-needed") return own.some(({ kind }) => kind === "asked")
      return own.some(
        ({ kind, details }) =>
          (kind === "denied" && details["reason"] === told.code) ||
          (kind === "outcome" && details["decision"] === "not-begun"),
      )
    case "pin-refused":
      return true
  }
}
