import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { expect, onTestFinished, test } from "vitest"
import type { AuditEntry } from "../../../src/ports/audit.ts"
import {
  type AuditLogOptions,
  type OpenAuditLog,
  openAuditLog,
} from "../../../src/security/audit/audit-log.ts"
import type { AuditReply } from "../../../src/security/audit/audit-messages.ts"
import { isSignedBy, parseNote, parseVerifierKey } from "../../../src/security/audit/signed-note.ts"
import { verifyLog } from "../../../src/security/audit/verify-log.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { inlineAuditThread } from "../../support/inline-audit-thread.ts"

interface Opened {
  readonly log: OpenAuditLog
  readonly folder: string
  close(): Promise<void>
}

async function open(options: Partial<AuditLogOptions> = {}): Promise<Opened> {
  const folder = options.folder ?? join(temporaryDirectory(), "state", "audit")
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  onTestFinished(close)
  const opening = openAuditLog({ folder, version: "1.2.3", startThread: inlineAuditThread, ...options })
  const log = await Effect.runPromise(Scope.provide(opening, scope))
  return { log, folder, close }
}

const run = Effect.runPromise
const entry: AuditEntry = {
  kind: "denied",
  tool: "restart_container",
  decision: "deny",
  reason: "rate-limited",
}

test("the first row says that the log was opened, and by which version", async () => {
  const { log } = await open()
  expect(await run(log.recent(60_000))).toEqual([
    expect.objectContaining({ seq: 1, kind: "opened", reason: "jett 1.2.3" }),
  ])
})

test("a row comes back as it is kept, with its number, time and hash", async () => {
  const { log, folder } = await open()
  const full: AuditEntry = {
    kind: "intent",
    callId: "call-1",
    turnId: "turn-1",
    conversationId: "conversation-1",
    origin: "phrase",
    tool: "restart_container",
    container: "n8n",
    targetId: "ab".repeat(32),
    tier: "change",
    tainted: false,
    decision: "allow",
    reason: "confirmed",
    payload: { b: 1, a: ["x"] },
  }
  const before = Date.now()
  const row = await run(log.append(full))
  expect(row).toEqual({
    ...full,
    seq: 2,
    atMs: expect.any(Number),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(row.atMs).toBeGreaterThanOrEqual(before)
  expect(await run(log.recent(60_000))).toContainEqual(row)
  expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: 2, head: row.hash })
})

test("what is left out of an entry is left out of its row", async () => {
  const { log } = await open()
  const row = await run(log.append({ kind: "watch" }))
  expect(Object.entries(row).filter(([, value]) => value !== undefined)).toEqual([
    ["seq", 2],
    ["atMs", row.atMs],
    ["hash", row.hash],
    ["kind", "watch"],
  ])
})

test("a log that was closed goes on where it ended, with the same key", async () => {
  const first = await open()
  await run(first.log.append(entry))
  await first.close()
  const second = await open({ folder: first.folder })
  expect((await run(second.log.append(entry))).seq).toBe(4)
  expect(second.log.verifierKey).toBe(first.log.verifierKey)
  expect(verifyLog(join(first.folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: 4 })
})

test("rows that are asked for at once are numbered in the order in which they were asked for", async () => {
  const { log, folder } = await open()
  const asked = Array.from({ length: 300 }, (_, i) => log.append({ ...entry, callId: `call-${i}` }))
  const rows = await run(Effect.all(asked, { concurrency: "unbounded" }))
  expect(rows.map(({ seq, callId }) => [seq, callId])).toEqual(asked.map((_, i) => [i + 2, `call-${i}`]))
  expect(verifyLog(join(folder, "audit.db"))).toMatchObject({ verdict: "valid", rows: 301 })
})

test("of the rows that wait together, one that cannot be written fails alone", async () => {
  const { log } = await open()
  // An intent without a call id could never be told from one that was carried out.
  const entries: readonly AuditEntry[] = [entry, { kind: "intent" }, entry]
  const exits = await run(
    Effect.all(
      entries.map((each) => Effect.exit(log.append(each))),
      { concurrency: "unbounded" },
    ),
  )
  expect(exits.map(Exit.isSuccess)).toEqual([true, false, true])
  expect((await run(log.append(entry))).seq).toBe(4)
})

test("orphans are the intents that no outcome follows", async () => {
  const { log } = await open()
  for (const [kind, callId] of [
    ["outcome", "late"],
    ["intent", "done"],
    ["intent", "late"],
    ["intent", "open"],
    ["outcome", "done"],
    ["denied", "open"],
  ] as const) {
    await run(log.append({ kind, callId, payload: { callId } }))
  }
  const orphans = await run(log.orphans)
  expect(orphans.map(({ row }) => [row.callId, row.payload])).toEqual([
    ["late", { callId: "late" }],
    ["open", { callId: "open" }],
  ])
})

test("a checkpoint covers every row acknowledged before, and is signed by the key that is shown", async () => {
  const { log } = await open()
  const row = await run(log.append(entry))
  const note = parseNote(await run(log.checkpoint))
  const key = parseVerifierKey(log.verifierKey)
  expect(note?.text).toBe(`${key?.name}\n2\n${Buffer.from(row.hash, "hex").toString("base64")}\n`)
  expect(note !== undefined && key !== undefined && isSignedBy(note, key)).toBe(true)
})

test("while one writer lives a second one is refused, and nothing of the first is harmed", async () => {
  const { log, folder, close } = await open()
  const second = await run(
    Effect.flip(
      Effect.scoped(openAuditLog({ folder, version: "0", startThread: inlineAuditThread, busyMs: 10 })),
    ),
  )
  expect(second).toMatchObject({ _tag: "AuditError", reason: "locked" })
  expect(second.message).toMatch(/another process writes this audit log.*End the other one/)
  expect((await run(log.append(entry))).seq).toBe(2)
  await close()
  expect((await run((await open({ folder })).log.append(entry))).seq).toBe(4)
})

test("folder and files are closed to others, also when they were open before", async () => {
  const { folder, log } = await open()
  await run(log.append(entry))
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
  expect(mode(folder)).toBe("700")
  for (const name of ["audit.db", "audit.db-wal", "audit.db-shm", "audit.key", "writer.lock"]) {
    expect([name, existsSync(join(folder, name)) && mode(join(folder, name))]).toEqual([name, "600"])
  }
})

test("what a payload cannot be is refused, and what is far too long is said to be", async () => {
  const { log } = await open()
  const loop: Record<string, unknown> = {}
  loop["loop"] = loop
  for (const payload of [loop, { big: 1n }]) {
    const failure = await run(Effect.flip(log.append({ ...entry, payload })))
    expect(failure).toMatchObject({ reason: "failed", message: expect.stringContaining("JSON") })
  }
  const long = await run(log.append({ ...entry, payload: { log: "x".repeat(100_000) } }))
  expect(long.payload).toEqual({ tooLongCharacters: 100_010 })
  // What no thread can be handed is no part of the JSON either.
  expect((await run(log.append({ ...entry, payload: { f: () => 1, a: 1 } }))).payload).toEqual({ a: 1 })
})

test("control characters and half characters never reach a column", async () => {
  const { log, folder } = await open()
  const row = await run(
    log.append({ ...entry, container: "n8n\u0000\u001b[2J\n\ud800", turnId: "t".repeat(600) }),
  )
  expect(row.container).toBe("n8n\uFFFD\uFFFD[2J\uFFFD\uFFFD")
  expect(row.turnId).toHaveLength(512)
  expect(verifyLog(join(folder, "audit.db")).verdict).toBe("valid")
})

test("a log whose thread is gone says so at once, and fails what waits", async () => {
  let kill = (): void => {}
  const { log } = await open({
    startThread: (data, events) => {
      const thread = inlineAuditThread(data, events)
      let isDead = false
      kill = () => {
        isDead = true
        events.onGone("its thread ended")
      }
      return {
        ...thread,
        post: (request) => (isDead || request.type === "append" ? undefined : thread.post(request)),
      }
    },
  })
  const waiting = run(Effect.flip(log.append(entry)))
  const lost = run(Effect.flip(log.lost))
  kill()
  expect(await waiting).toMatchObject({ reason: "unavailable" })
  expect(await lost).toMatchObject({ reason: "unavailable" })
  expect(await run(Effect.flip(log.append(entry)))).toMatchObject({ reason: "unavailable" })
})

test("an answer that was not asked for changes nothing", async () => {
  let answer = (_: AuditReply): void => {}
  const { log } = await open({
    startThread: (data, events) => {
      answer = events.onReply
      return inlineAuditThread(data, events)
    },
  })
  answer({ type: "closed", id: 999 })
  expect((await run(log.append(entry))).seq).toBe(2)
})

test("no text of a row is in a failure's message", async () => {
  const { log } = await open()
  const secret = "correct-horse"
  const failure = await run(
    Effect.flip(log.append({ kind: "intent", tool: secret, reason: secret, payload: { secret } })),
  )
  expect(failure.message).not.toContain(secret)
})
