import type { LogRecord } from "../security/audit/read-log.ts"
import { printable, table } from "./output.ts"

/** A row for JSON: flat, and `payload` is its value, null where it was erased, absent where there was none. */
export const plainRecord = ({
  details,
  payload,
  prev,
  hash,
  ...row
}: LogRecord): Readonly<Record<string, unknown>> => ({
  ...row,
  at: isoTime(row.atMs),
  ...details,
  ...(payload.type === "stored" && { payload: payload.value }),
  ...(payload.type === "erased" && { payload: null, erased: true }),
  prev,
  hash,
})

const heading = ["row", "time", "kind", "tool", "container", "origin", "decision", "reason"] as const

/** Rows as a table. */
export const auditLines = (rows: readonly LogRecord[]): string =>
  table([
    heading,
    ...rows.map(({ seq, atMs, kind, details }) =>
      [
        String(seq),
        localTime(atMs),
        kind,
        ...["tool", "container", "origin", "decision", "reason"].map((name) => String(details[name] ?? "-")),
      ].map(printable),
    ),
  ])

/** One row with all that is known of it. */
export const auditLine = (row: LogRecord): string => {
  const { details, payload } = row
  const text =
    payload.type === "stored"
      ? JSON.stringify(payload.value, undefined, 2)
      : payload.type === "erased"
        ? "erased"
        : "none"
  const lines: readonly (readonly [string, string])[] = [
    ["row", String(row.seq)],
    ["time", `${localTime(row.atMs)} (${isoTime(row.atMs)})`],
    ["uptime", `${row.uptimeMs} ms of boot ${row.boot}`],
    ["kind", row.kind],
    ...Object.entries(details).map(([name, value]): readonly [string, string] => [name, String(value)]),
    ["payload", text],
    ["previous hash", row.prev],
    ["hash", row.hash],
  ]
  return table(lines.map(([name, value]) => [name, printable(value)]))
}

/** Whatever the clock was when it was written. */
const isoTime = (atMs: number): string => {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString()
}

/** `2026-11-23 14:05:09`, in this machine's zone. */
const localTime = (atMs: number): string => {
  const date = new Date(atMs)
  if (Number.isNaN(date.getTime())) return "?"
  const two = (value: number): string => String(value).padStart(2, "0")
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-")
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`
}
