import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { auditFolder } from "../config/paths.ts"
import { auditFiles } from "../security/audit/audit-folder.ts"
import { type LogReader, type LogRecord, readLog } from "../security/audit/read-log.ts"
import { auditLine, auditLines, plainRecord } from "./audit-text.ts"
import { verify } from "./audit-verify.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { CommandFailure, messageOf, usageFailure } from "./failure.ts"
import { switchOption, textOption } from "./options.ts"
import { printJson } from "./output.ts"

/** `jett audit tail | show | export | verify`: reads the log beside a running daemon, and never makes one. */
export async function run(context: CommandContext): Promise<number> {
  const path = auditFiles(logFolder(context)).database
  if (context.verb === "audit verify") return verify(context, path)
  const log = openLog(path)
  try {
    switch (context.verb) {
      case "audit show":
        return show(context, log)
      case "audit export":
        return await exportLog(context, log)
      default:
        return tail(context, log)
    }
  } finally {
    log.close()
  }
}

/** `--folder`: a copy of a log that is kept elsewhere. */
const logFolder = ({ env, options }: CommandContext): string => {
  const folder = textOption(options, "folder")
  return folder === undefined ? auditFolder(env) : resolve(folder)
}

const openLog = (path: string): LogReader => {
  if (!existsSync(path)) throw noLog(path)
  try {
    return readLog(path)
  } catch (error) {
    throw new CommandFailure(
      `${path} cannot be read: ${messageOf(error)}. An audit log was expected; look with jett audit verify`,
      ExitCode.failure,
      "unreadable-log",
      { cause: error },
    )
  }
}

const noLog = (path: string): CommandFailure =>
  new CommandFailure(
    `there is no audit log in ${join(path, "..")}: it is begun when the assistant is first started`,
    ExitCode.failure,
    "no-log",
  )

const DEFAULT_TAIL = 20

function tail(context: CommandContext, log: LogReader): number {
  const rows = log.tail(numberOption(context, "rows", DEFAULT_TAIL))
  if (context.json) printJson(context, { rows: rows.map(plainRecord) })
  else context.io.out(auditLines(rows))
  return ExitCode.ok
}

function show(context: CommandContext, log: LogReader): number {
  const [text = ""] = context.args
  if (!/^[1-9]\d{0,14}$/.test(text)) throw usageFailure(`${text}: expected the number of a row, such as 12`)
  const row = log.row(Number(text))
  if (row === undefined)
    throw new CommandFailure(`there is no row ${text} in the audit log`, ExitCode.failure, "no-row")
  if (context.json) printJson(context, plainRecord(row))
  else context.io.out(auditLine(row))
  return ExitCode.ok
}

/** Rows written at once; between them the pipe may drain. */
const ROWS_AT_ONCE = 1_000

async function exportLog(context: CommandContext, log: LogReader): Promise<number> {
  if (switchOption(context.options, "checkpoint")) return exportCheckpoint(context, log)
  if (switchOption(context.options, "key")) {
    if (context.json) printJson(context, { key: log.verifierKey })
    else context.io.out(`${log.verifierKey}\n`)
    return ExitCode.ok
  }
  const format = textOption(context.options, "format") ?? "jsonl"
  if (format !== "jsonl" && format !== "json")
    throw usageFailure(`--format ${format}: expected jsonl or json`)
  const isDocument = context.json || format === "json"
  if (isDocument) context.io.out("[")
  let isFirst = true
  for (const rows of grouped(log.all())) {
    const lines = rows.map((row) => JSON.stringify(plainRecord(row)))
    if (isDocument) context.io.out(`${isFirst ? "" : ","}\n${lines.join(",\n")}`)
    else context.io.out(`${lines.join("\n")}\n`)
    isFirst = false
    await new Promise((resume) => setImmediate(resume))
    context.signal.throwIfAborted()
  }
  if (isDocument) context.io.out("\n]\n")
  return ExitCode.ok
}

function* grouped(rows: Iterable<LogRecord>): Iterable<readonly LogRecord[]> {
  let group: LogRecord[] = []
  for (const row of rows) {
    group.push(row)
    if (group.length < ROWS_AT_ONCE) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

function exportCheckpoint(context: CommandContext, log: LogReader): number {
  const { checkpoint, verifierKey } = log
  if (checkpoint === undefined) {
    throw new CommandFailure(
      "the audit log has no checkpoint yet: one is signed a minute after its first row",
      ExitCode.failure,
      "no-checkpoint",
    )
  }
  if (context.json) printJson(context, { checkpoint, key: verifierKey })
  else context.io.out(checkpoint)
  return ExitCode.ok
}

function numberOption({ options }: CommandContext, name: string, fallback: number): number {
  const text = textOption(options, name)
  if (text === undefined) return fallback
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw usageFailure(`--${name} ${text}: expected a whole number of 1 to 999999`)
  return Number(text)
}
