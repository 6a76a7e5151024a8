import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, onTestFinished, test } from "vitest"
import type { AuditFailure } from "../../src/ports/audit.ts"
import { openAuditLog } from "../../src/security/audit/audit-log.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { AuditAppender, appenderProgram } from "../support/audit-appender.ts"

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** Whether a user without rights gets at Node and at this checkout at all. */
const canRunAsNobody = (): boolean =>
  spawnSync(process.execPath, ["--check", appenderProgram], { uid: NOBODY, gid: NOBODY }).status === 0

const openHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "jt-"))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  chmodSync(home, 0o755)
  return home
}

/** A small disk of its own, or undefined where none may be mounted. */
const mountDisk = (kib: number): string | undefined => {
  const disk = openHome()
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", disk])
  if (mounted.status !== 0) return undefined
  onTestFinished(() => void spawnSync("umount", [disk]))
  return disk
}

test.skipIf(!isRoot)(
  "without the right to write the log is read-only; with it again it goes on [needs root]",
  async (context) => {
    if (!canRunAsNobody()) return context.skip("another user cannot read this checkout")
    // A user whom rights concern, unlike root.
    const folder = join(openHome(), "audit")
    mkdirSync(folder, { mode: 0o700 })
    chownSync(folder, NOBODY, NOBODY)
    const database = join(folder, "audit.db")
    const write = async (rows: number): Promise<readonly string[]> => {
      const appender = new AuditAppender(folder, { uid: NOBODY })
      await appender.acknowledged(rows)
      await appender.kill()
      return appender.lines
    }
    expect((await write(3)).length).toBeGreaterThan(2)
    const before = verifyLog(database).rows
    for (const [path, closed, open] of [
      [folder, 0o500, 0o700],
      [database, 0o400, 0o600],
      [join(folder, "writer.lock"), 0o400, 0o600],
    ] as const) {
      chmodSync(path, closed)
      expect([path, await write(1)]).toEqual([path, ["failed read-only"]])
      chmodSync(path, open)
    }
    expect(verifyLog(database).rows).toBe(before)
    await write(1)
    expect(verifyLog(database)).toMatchObject({ verdict: "valid" })
    expect(verifyLog(database).rows).toBeGreaterThan(before)
  },
)

test.skipIf(!isRoot)("a folder that another user made is refused [needs root]", async (context) => {
  if (!canRunAsNobody()) return context.skip("another user cannot read this checkout")
  const folder = join(openHome(), "audit")
  mkdirSync(folder, { mode: 0o777 })
  const appender = new AuditAppender(folder, { uid: NOBODY })
  await appender.ended
  expect(appender.lines).toEqual(["failed unavailable"])
})

const append = { kind: "denied", payload: { text: "x".repeat(2_000) } } as const

test.skipIf(!isRoot)(
  "a full disk refuses the row, and with room again the same log goes on [needs root]",
  async (context) => {
    const disk = mountDisk(1_024)
    if (disk === undefined) return context.skip("tmpfs cannot be mounted")
    const ballast = join(disk, "ballast")
    writeFileSync(ballast, Buffer.alloc(500 * 1_024))
    const folder = join(disk, "audit")
    const written = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const log = yield* openAuditLog({ folder, version: "0" })
          let rows = 1
          let failure: AuditFailure | undefined
          while (failure === undefined) {
            failure = yield* log.append(append).pipe(
              Effect.as(undefined),
              Effect.catch((error) => Effect.succeed(error)),
            )
            if (failure === undefined) rows++
          }
          expect(failure).toMatchObject({
            reason: "full",
            message: expect.stringContaining("Free some space"),
          })
          expect((yield* Effect.flip(log.append(append))).reason).toBe("full")
          rmSync(ballast)
          const row = yield* log.append(append)
          expect(row.seq).toBe(rows + 1)
          return row.seq
        }),
      ),
    )
    expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: written })
  },
)

test.skipIf(!isRoot)(
  "a disk that went read-only is reported by whoever writes and whoever verifies [needs root]",
  async (context) => {
    const disk = mountDisk(4_096)
    if (disk === undefined) return context.skip("tmpfs cannot be mounted")
    const folder = join(disk, "audit")
    const once = Effect.scoped(
      Effect.flatMap(openAuditLog({ folder, version: "0" }), (log) => log.append(append)),
    )
    await Effect.runPromise(once)
    execFileSync("mount", ["-o", "remount,ro", disk])
    expect(await Effect.runPromise(Effect.flip(once))).toMatchObject({ reason: "read-only" })
    expect(verifyLog(join(folder, "audit.db"))).toMatchObject({
      verdict: "unverifiable",
      message: expect.stringContaining("a copy has to be in a folder that can be written to"),
    })
    execFileSync("mount", ["-o", "remount,rw", disk])
    expect((await Effect.runPromise(once)).seq).toBe(4)
  },
)
