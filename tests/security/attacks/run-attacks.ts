import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type OpenAuditLog, openAuditLog } from "../../../src/security/audit/audit-log.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { ALLOWED_LINES, type AttackRig, attackRig, settle } from "../../support/attack-rig.ts"
import { inlineAuditThread } from "../../support/inline-audit-thread.ts"
import type { AttackCase, AttackClass } from "./attack-case.ts"

/** In memory where there is such a place: hundreds of rows need not wait for a disk. */
const SCRATCH = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/**
 * Runs the cases of a class over one real audit log; nothing that was `planted` may be in a byte of its files. Besides what each case asserts: only lines of the list are on the
 * wire, with nothing in their bodies; the changes are exactly those that somebody agreed to in the case; each has its
 * consent and its intent on record before it.
 */
export const runAttacks = (
  of: AttackClass,
  what: string,
  cases: readonly AttackCase[],
  planted: readonly string[] = [],
): void => {
  describe(`${of}: ${what} (${cases.length} cases)`, () => {
    const home = mkdtempSync(join(SCRATCH, "jett-attacks-"))
    const folder = join(home, "audit")
    const scope = Scope.makeUnsafe()
    let log: OpenAuditLog
    let shared: AttackRig
    beforeAll(async () => {
      const open = openAuditLog({ folder, version: "attacked", startThread: inlineAuditThread })
      log = await Effect.runPromise(Scope.provide(open, scope))
      shared = await attackRig({ log })
    })

    const run = async (each: AttackCase): Promise<void> => {
      const rig = each.rig === undefined ? shared : await attackRig({ log, ...each.rig })
      try {
        await each.attack(rig)
        await settle()
        expectLawful(rig, each)
      } finally {
        await (rig === shared ? rig.reset() : rig.close())
      }
    }
    for (const each of cases) it(each.what, () => run(each))

    afterAll(async () => {
      // Nothing came late.
      shared.docker.clear()
      await settle()
      expect(shared.docker.bytes().length).toBe(0)
      await shared.close()
      await Effect.runPromise(log.checkpoint)
      for (const file of readdirSync(folder)) {
        const bytes = readFileSync(join(folder, file))
        expect(planted.filter((secret) => bytes.includes(secret))).toEqual([])
      }
      await Effect.runPromise(Scope.close(scope, Exit.void))
      expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid" })
      rmSync(home, { recursive: true, force: true })
    })
  })
}

/** What holds in every case, whatever it is about. */
const expectLawful = ({ docker, rows }: AttackRig, { changes = [] }: Pick<AttackCase, "changes">): void => {
  expect(docker.lines().filter((line) => !ALLOWED_LINES.has(line))).toEqual([])
  expect(docker.requests.filter(({ body, headers }) => body !== "" || headers["host"] !== "docker")).toEqual(
    [],
  )
  expect(
    docker.requests.map(({ target }) => target).filter((target) => !/^\/(version$|v1\.46\/)/.test(target)),
  ).toEqual([])
  const made = docker.changes().map(({ method, target }) => `${method} ${target.replace(/^\/v1\.46/, "")}`)
  expect(made).toEqual(changes)
  for (const line of made) {
    const [, container, verb] = /^POST \/containers\/([^/]+)\/([a-z]+)/.exec(line) ?? []
    const intent = rows.find(
      (row) => row.kind === "intent" && row.container === container && row.tool === `${verb}_container`,
    )
    expect(intent, `an intent for ${line}`).toBeDefined()
    const consent = rows.find(
      (row) => row.kind === "consent" && row.callId === intent?.callId && row.decision === "granted",
    )
    expect(consent?.seq, `a consent before the intent for ${line}`).toBeLessThan(intent?.seq ?? 0)
  }
}
