import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { AuditRow } from "../../../src/ports/audit.ts"
import { AuditDesk, type AuditDeskOptions } from "../../../src/security/audit/audit-desk.ts"
import type { AuditReply } from "../../../src/security/audit/audit-messages.ts"
import type { EntryToWrite } from "../../../src/security/audit/audit-row.ts"
import { readLog } from "../../../src/security/audit/read-log.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { type SteppedClock, steppedClock } from "../../support/audit-logs.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const DAY_MS = 86_400_000

/** A desk that does what it is asked at once. */
class Rig {
  readonly clock: SteppedClock
  readonly folder: string
  readonly replies: AuditReply[] = []
  readonly desk: AuditDesk
  #id = 0

  constructor(options: Partial<AuditDeskOptions> = {}, clock: SteppedClock = steppedClock()) {
    this.clock = clock
    this.folder = options.folder ?? join(temporaryDirectory(), "audit")
    this.desk = new AuditDesk({
      folder: this.folder,
      version: "0",
      checkpointRows: 1_000,
      checkpointMs: 60_000,
      retentionMs: 90 * DAY_MS,
      busyMs: 20,
      clock,
      send: (reply) => void this.replies.push(reply),
      ...options,
    })
    this.desk.open()
    onTestFinished(() => this.close())
  }

  append(...entries: readonly EntryToWrite[]): readonly AuditRow[] {
    const from = this.replies.length
    for (const entry of entries) this.desk.receive({ type: "append", id: ++this.#id, entry })
    this.desk.work()
    return this.replies.slice(from).flatMap((reply) => (reply.type === "rows" ? reply.rows : []))
  }

  recent(ms: number): readonly AuditRow[] {
    this.desk.receive({ type: "recent", id: ++this.#id, ms })
    this.desk.work()
    const reply = this.replies.at(-1)
    return reply?.type === "rows" ? reply.rows : []
  }

  close(): void {
    this.desk.receive({ type: "close", id: ++this.#id })
    this.desk.work()
  }

  get verdict() {
    return verifyLog(join(this.folder, "audit.db"))
  }

  records() {
    const log = readLog(join(this.folder, "audit.db"))
    try {
      return log.tail(100)
    } finally {
      log.close()
    }
  }

  /** All bytes of the database and of the log beside it. */
  bytes(): string {
    return ["audit.db", "audit.db-wal"]
      .map((name) => join(this.folder, name))
      .map((path) => (existsSync(path) ? readFileSync(path, "latin1") : ""))
      .join("")
  }
}

const denied: EntryToWrite = { kind: "denied" }
const withText = (text: string): EntryToWrite => ({ kind: "denied", payloadText: JSON.stringify({ text }) })

test("a text older than the retention leaves every file; its row stays, and says that it was erased", () => {
  const rig = new Rig()
  rig.append(withText("first-text"), withText("second-text"))
  rig.clock.pass(60 * DAY_MS)
  rig.append(withText("younger-text"))
  expect(rig.bytes()).toContain("first-text")
  rig.clock.pass(31 * DAY_MS)
  rig.desk.keepHouse()
  for (const gone of ["first-text", "second-text"]) expect(rig.bytes()).not.toContain(gone)
  expect(rig.bytes()).toContain("younger-text")
  expect(rig.verdict).toMatchObject({ verdict: "valid", rows: 5 })
  const records = rig.records()
  expect(records.map(({ kind, payload }) => [kind, payload.type])).toEqual([
    ["opened", "none"],
    ["denied", "erased"],
    ["denied", "erased"],
    ["denied", "stored"],
    ["erased", "none"],
  ])
  expect(records[4]?.details).toMatchObject({ targetId: "3", reason: "retention" })
})

test("where nothing is too old, nothing is erased and no row is added", () => {
  const rig = new Rig()
  rig.append(withText("a"), denied)
  rig.desk.keepHouse()
  expect(rig.records()).toHaveLength(3)
})

test("old texts are looked for once an hour, not at each round", () => {
  const rig = new Rig({ retentionMs: 10_000 })
  rig.desk.keepHouse()
  rig.append(withText("a"))
  rig.clock.pass(60_000)
  rig.desk.keepHouse()
  expect(rig.records()).toHaveLength(2)
  rig.clock.pass(3_600_000)
  rig.desk.keepHouse()
  expect(rig.records().map(({ kind }) => kind)).toEqual(["opened", "denied", "erased"])
})

test("the house is kept by signing what is not signed yet, and by nothing where all is", () => {
  const rig = new Rig()
  rig.append(denied)
  expect(rig.verdict.covered).toBeUndefined()
  rig.desk.keepHouse()
  expect(rig.verdict.covered).toBe(2)
  rig.desk.keepHouse()
  expect(rig.verdict).toMatchObject({ verdict: "valid", covered: 2, rows: 2 })
})

test("a checkpoint is signed after so many rows, and when the log is closed", () => {
  const rig = new Rig({ checkpointRows: 3 })
  rig.append(denied)
  expect(rig.verdict.covered).toBeUndefined()
  rig.append(denied)
  expect(rig.verdict.covered).toBe(3)
  rig.append(denied)
  rig.close()
  expect(rig.verdict.covered).toBe(4)
})

test.each([
  ["forward", 3_600_000],
  ["back", -3_600_000],
])("a wall clock that is set %s gets a row of its own, and is not corrected", (direction, byMs) => {
  const rig = new Rig()
  rig.append(denied)
  rig.clock.setWall(byMs)
  const [row] = rig.append(denied)
  const records = rig.records()
  expect(records.map(({ kind }) => kind)).toEqual(["opened", "denied", "clock", "denied"])
  expect(records[2]?.details).toEqual({ decision: direction, reason: "3600000 ms" })
  expect(row?.seq).toBe(4)
  expect((records[3]?.atMs ?? 0) - (records[1]?.atMs ?? 0)).toBeCloseTo(byMs, -2)
  expect(rig.append(denied)).toHaveLength(1)
  expect(rig.verdict).toMatchObject({ verdict: "valid", rows: 5 })
})

test("after a restart of the machine the uptime starts anew, which is no jump", () => {
  const clock = steppedClock()
  const rig = new Rig({}, clock)
  rig.append(denied)
  rig.close()
  const next = new Rig({ folder: rig.folder }, steppedClock(clock.wallMs() + 50_000, "boot-2"))
  next.append(denied)
  expect(next.records().map(({ kind }) => kind)).toEqual(["opened", "denied", "opened", "denied"])
})

test("recent rows are those of the last time span by either clock: setting the clock hides none", () => {
  const rig = new Rig()
  const seqs = () => rig.recent(60_000).flatMap(({ kind, seq }) => (kind === "denied" ? [seq] : []))
  rig.append(denied)
  rig.clock.pass(61_000)
  rig.append(denied)
  expect(seqs()).toEqual([3])
  rig.clock.setWall(7_200_000)
  expect(seqs()).toEqual([3])
  rig.append(denied)
  rig.clock.setWall(-86_400_000)
  rig.append(denied)
  // Dated in the future; they count.
  expect(seqs().slice(-3)).toEqual([3, 5, 7])
})

test("recent rows of another boot count by the wall clock", () => {
  const clock = steppedClock()
  const rig = new Rig({}, clock)
  rig.append(denied)
  rig.close()
  const soon = new Rig({ folder: rig.folder }, steppedClock(clock.wallMs() + 30_000, "boot-2"))
  expect(soon.recent(60_000).map(({ seq }) => seq)).toEqual([1, 2, 3])
  soon.close()
  const late = new Rig({ folder: rig.folder }, steppedClock(clock.wallMs() + 300_000, "boot-3"))
  expect(late.recent(60_000).map(({ seq }) => seq)).toEqual([4])
})

test("requests are answered in the order in which they came, whatever they are", () => {
  const rig = new Rig()
  const from = rig.replies.length
  rig.desk.receive({ type: "append", id: 101, entry: denied })
  rig.desk.receive({ type: "orphans", id: 102 })
  rig.desk.receive({ type: "append", id: 103, entry: denied })
  rig.desk.receive({ type: "append", id: 104, entry: denied })
  rig.desk.receive({ type: "checkpoint", id: 105 })
  rig.desk.work()
  expect(rig.replies.slice(from).map((reply) => ("id" in reply ? reply.id : undefined))).toEqual([
    101, 102, 103, 104, 105,
  ])
})

test("what comes after the log was closed is refused", () => {
  const rig = new Rig()
  rig.close()
  rig.append(denied)
  expect(rig.replies.at(-1)).toMatchObject({ type: "failed", failure: { reason: "unavailable" } })
})
