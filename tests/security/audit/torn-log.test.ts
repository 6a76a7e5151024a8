import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { AuditError } from "../../../src/security/audit/audit-error.ts"
import { readLog } from "../../../src/security/audit/read-log.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { openTestWriter, sampleEntry, sampleLog } from "../../support/audit-logs.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { seededRandom } from "../../support/seeded-random.ts"

const CASES = 12

interface Torn {
  readonly database: Buffer
  readonly wal: Buffer
  readonly key: Buffer
  readonly checkpoint: string
  /** Of the rows as they were written. */
  readonly hashes: readonly string[]
}

/** The files as a power cut would find them: the last 24 rows are in the write-ahead log alone. */
const powerCut = (): Torn => {
  const folder = sampleLog(20)
  const { writer, close } = openTestWriter(folder)
  for (let i = 0; i < 24; i++) writer.append([sampleEntry(i)])
  const checkpoint = writer.checkpoint()
  const log = readLog(join(folder, "audit.db"))
  const hashes = [...log.all()].map(({ hash }) => hash)
  log.close()
  const file = (name: string): Buffer => readFileSync(join(folder, name))
  const torn = { database: file("audit.db"), wal: file("audit.db-wal"), key: file("audit.key") }
  close()
  return { ...torn, checkpoint, hashes }
}

let made: Torn | undefined

const sharedPowerCut = (): Torn => {
  made ??= powerCut()
  return made
}

const restore = ({ database, wal, key }: Torn): string => {
  const folder = join(temporaryDirectory(), "audit")
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(join(folder, "audit.db"), database)
  writeFileSync(join(folder, "audit.db-wal"), wal)
  writeFileSync(join(folder, "audit.key"), key, { mode: 0o600 })
  return folder
}

const damages: readonly (readonly [string, (wal: Buffer, at: number) => Buffer])[] = [
  ["cut", (wal, at) => Buffer.from(wal.subarray(0, at))],
  ["zeroed from a place on", (wal, at) => Buffer.from(wal).fill(0, at)],
  ["zeroed for 512 bytes", (wal, at) => Buffer.from(wal).fill(0, at, Math.min(at + 512, wal.length))],
  ["flipped by a bit", (wal, at) => Buffer.from(wal).fill(wal.readUInt8(at) ^ 1, at, at + 1)],
]

test.each(damages)(
  "a write-ahead log that is %s gives a beginning of the rows or an error, never other rows",
  (_, damage) => {
    const torn = sharedPowerCut()
    const seed = Date.now() % 1_000_000
    const random = seededRandom(seed)
    const lengths = new Set<number>()
    for (let i = 0; i < 40; i++) {
      const at = Math.floor(random() * torn.wal.length)
      const path = join(restore({ ...torn, wal: damage(torn.wal, at) }), "audit.db")
      const report = verifyLog(path, { checkpoint: torn.checkpoint })
      const where = `seed ${seed}, byte ${at}`
      if (report.verdict === "valid") expect([where, report.rows]).toEqual([where, torn.hashes.length])
      else
        expect([where, report.verdict]).toEqual([
          where,
          expect.stringMatching(/truncated|broken|unverifiable/),
        ])
      if (report.head !== undefined)
        expect([where, report.head]).toEqual([where, torn.hashes[report.rows - 1]])
      lengths.add(report.rows)
    }
    // Otherwise nothing was damaged.
    expect(lengths.size).toBeGreaterThan(1)
  },
)

test("after a power cut the log goes on from what was there, or says that it is damaged", () => {
  const torn = sharedPowerCut()
  for (const share of [0, 0.1, 0.35, 0.6, 0.85, 1]) {
    const folder = restore({
      ...torn,
      wal: Buffer.from(torn.wal.subarray(0, Math.floor(torn.wal.length * share))),
    })
    const before = verifyLog(join(folder, "audit.db")).rows
    try {
      openTestWriter(folder).close()
    } catch (error) {
      expect([share, error]).toEqual([share, expect.any(AuditError)])
      continue
    }
    expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: before + 1 })
  }
})

test("a bit flipped anywhere in the database gives the rows as they were, or is reported", () => {
  const folder = sampleLog(20)
  const file = (name: string): Buffer => readFileSync(join(folder, name))
  const torn = { database: file("audit.db"), key: file("audit.key"), wal: Buffer.alloc(0) }
  const log = readLog(join(folder, "audit.db"))
  const hashes = [...log.all()].map(({ hash }) => hash)
  const checkpoint = log.checkpoint ?? ""
  const written = JSON.stringify([...log.all()])
  log.close()
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  let reported = 0
  for (let i = 0; i < 3 * CASES; i++) {
    const at = Math.floor(((i + random()) / (3 * CASES)) * torn.database.length)
    const database = Buffer.from(torn.database)
    database.writeUInt8(database.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at)
    const path = join(restore({ ...torn, checkpoint, hashes, database }), "audit.db")
    const { verdict } = verifyLog(path, { checkpoint })
    if (verdict !== "valid") {
      reported++
      continue
    }
    // In a place that nothing is kept in.
    const unharmed = readLog(path)
    expect([`seed ${seed}, byte ${at}`, JSON.stringify([...unharmed.all()]) === written]).toEqual([
      `seed ${seed}, byte ${at}`,
      true,
    ])
    unharmed.close()
  }
  expect(reported).toBeGreaterThan(0)
})
