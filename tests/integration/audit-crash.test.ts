import { existsSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { expect, onTestFinished, test } from "vitest"
import { openAuditLog } from "../../src/security/audit/audit-log.ts"
import { type StartAuditThread, startAuditThread } from "../../src/security/audit/audit-thread.ts"
import { readLog } from "../../src/security/audit/read-log.ts"
import { Sqlite } from "../../src/security/audit/sqlite.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { AuditAppender } from "../support/audit-appender.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { seededRandom } from "../support/seeded-random.ts"

test("a process killed at any moment loses no row that was acknowledged, and the chain stays whole", async () => {
  const folder = join(temporaryDirectory(), "audit")
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  const database = join(folder, "audit.db")
  for (let round = 0; round < 15; round++) {
    const appender = new AuditAppender(folder)
    // Now and then while it is still opening.
    if (round % 5 === 4) await delay(random() * 150)
    else {
      await appender.acknowledged(1)
      await delay(random() * 120)
    }
    await appender.kill()
    if (!existsSync(database)) continue
    const where = `seed ${seed}, round ${round}`
    expect([where, verifyLog(database).verdict]).toEqual([where, "valid"])
    const log = readLog(database)
    const lost = appender.lines.filter((line) => {
      const [seq, hash] = line.split(" ")
      return log.row(Number(seq))?.hash !== hash
    })
    log.close()
    expect([where, lost]).toEqual([where, []])
  }
  expect(verifyLog(database).rows).toBeGreaterThan(15)
})

test("the lock of a killed writer is free at once; that of a living one keeps a second process out", async () => {
  const folder = join(temporaryDirectory(), "audit")
  const first = new AuditAppender(folder)
  onTestFinished(() => first.kill())
  await first.acknowledged(1)
  const second = new AuditAppender(folder)
  expect(await second.ended).toBe(1)
  expect(second.lines).toEqual(["failed locked"])
  await first.kill()
  const third = new AuditAppender(folder)
  await third.acknowledged(1)
  await third.kill()
  expect(third.lines[0]).toMatch(/^\d+ [0-9a-f]{64}$/)
})

test("while the disk is slow nothing else waits, and the rows come in the end", async () => {
  const folder = join(temporaryDirectory(), "audit")
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const log = yield* openAuditLog({ folder, version: "0", busyMs: 5_000 })
        // For the thread a lock is as bad as a disk that does not answer: it is stuck inside SQLite.
        const other = new Sqlite(join(folder, "audit.db"))
        other.exec("BEGIN IMMEDIATE")
        let ticks = 0
        const ticking = setInterval(() => ticks++, 10)
        const release = setTimeout(() => other.close(), 700)
        const row = yield* log.append({ kind: "watch" })
        clearInterval(ticking)
        clearTimeout(release)
        expect(row.seq).toBe(2)
        expect(ticks).toBeGreaterThan(10)
      }),
    ),
  )
})

test("a thread that dies is noticed: what waits fails, and the log can be opened again", async () => {
  const folder = join(temporaryDirectory(), "audit")
  const append = (startThread: StartAuditThread) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(openAuditLog({ folder, version: "0", startThread }), (log) =>
          Effect.exit(log.append({ kind: "watch" })),
        ),
      ),
    )
  const dying: StartAuditThread = (data, events) => {
    const thread = startAuditThread(data, events)
    return { ...thread, post: () => void thread.end() }
  }
  expect(await append(dying)).toMatchObject({ _tag: "Failure" })
  expect(await append(startAuditThread)).toMatchObject({ _tag: "Success", value: { seq: 3 } })
})
