import * as Effect from "effect/Effect"
import { expect } from "vitest"
import type { AuditFailure, AuditKind } from "../../../src/ports/audit.ts"
import type { DenialCode } from "../../../src/ports/guard.ts"
import { type AttackRig, consentIdOf, settle, wordOf } from "../../support/attack-rig.ts"
import type { FakeFault } from "../../support/fake-docker-fault.ts"
import { type AttackCase, expectAsked } from "./attack-case.ts"

const POSTED = "POST /containers/n8n/restart?t=10"

/** An engine that is given a moment to answer, and a log of its own. */
const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  changes: readonly string[] = [],
): AttackCase => ({ class: "A10", what, attack: run, changes, rig: { answerMs: 150, log: undefined } })

const FAULTS: readonly (readonly [what: string, fault: FakeFault, code: DenialCode])[] = [
  ["hangs", { type: "hang" }, "engine-away"],
  ["hangs in its answer", { type: "hang-in-body" }, "engine-away"],
  ["breaks the connection", { type: "reset" }, "engine-away"],
  ["closes without a word", { type: "close" }, "engine-away"],
  ["speaks no HTTP", { type: "garbage" }, "engine-away"],
  ["tells half", { type: "truncated" }, "engine-away"],
  ["announces more than it tells", { type: "wrong-length", by: 10 }, "engine-away"],
  ["tells 5 MiB of nothing", { type: "huge", bytes: 5 * 2 ** 20 }, "engine-away"],
  [
    "sends us elsewhere",
    { type: "redirect", location: "http://evil.example/containers/portainer/json" },
    "engine-away",
  ],
  [
    "sends us to another container",
    { type: "redirect", location: "/containers/portainer/json", status: 307 },
    "engine-away",
  ],
  ["answers 500", { type: "status", status: 500 }, "engine-away"],
  ["answers 503", { type: "status", status: 503 }, "engine-away"],
  ["answers 409", { type: "status", status: 409 }, "engine-away"],
  ["answers 403", { type: "status", status: 403 }, "engine-away"],
  ["answers 404", { type: "status", status: 404 }, "identity"],
  ["answers no JSON", { type: "answer", body: "<html>login</html>" }, "engine-away"],
  ["answers an empty text", { type: "answer", body: "" }, "engine-away"],
  ["answers an empty object", { type: "answer", body: "{}" }, "engine-away"],
  ["answers null", { type: "answer", body: "null" }, "engine-away"],
  ["answers an array", { type: "answer", body: "[]" }, "engine-away"],
]

/** Before anything is done, a fault is a refusal, whoever asked. */
const beforehand: readonly AttackCase[] = FAULTS.flatMap(([what, fault, code]) =>
  (["restart_container", "container_logs"] as const).map((tool) =>
    attack(`an engine that ${what}, before ${tool}`, async (rig) => {
      rig.docker.fail(fault, { path: /\/json$/ })
      const result = await rig.result(tool, { container: "n8n" })
      expect(result).toMatchObject({ type: "denied", code })
      expect(rig.rows.at(-1)).toMatchObject(
        tool === "restart_container"
          ? { kind: "denied", reason: code }
          : { kind: "outcome", decision: "not-begun", reason: code },
      )
    }),
  ),
)

/** Of the deed itself: whether it was carried out all the same, and what may be told. A start has no grace to wait for. */
const deeds: readonly AttackCase[] = FAULTS.flatMap(([what, fault]) =>
  [false, true].map((acts) =>
    attack(
      `an engine that ${what} when it is to start, and ${acts ? "does it" : "does not"}`,
      async (rig) => {
        const container = rig.docker.state.get("n8n")
        container.state = "exited"
        const { call, question } = await expectAsked(rig, "start_container", "n8n")
        rig.docker.fail(fault, { method: "POST", acts })
        await rig.say(consentIdOf(question), wordOf(question))
        const end = await call.next()
        expect(end.type).toBe("receipt")
        if (end.type !== "receipt") return
        if (container.state === "exited") expect(end.outcome).toMatch(/^(failed|unknown)$/)
        expect(rig.rows.at(-1)).toMatchObject({ kind: "outcome", decision: end.outcome })
      },
      ["POST /containers/n8n/start"],
    ),
  ),
)

const REASONS: readonly AuditFailure["reason"][] = [
  "unavailable",
  "full",
  "locked",
  "read-only",
  "corrupt",
  "failed",
]

/** From whatever the log cannot take, nothing is sent on. */
const KINDS: readonly (readonly [AuditKind, lines: readonly string[]])[] = [
  ["asked", []],
  ["consent", ["GET /containers/n8n/json"]],
  ["intent", ["GET /containers/n8n/json", "GET /containers/n8n/json"]],
]

const unlogged: readonly AttackCase[] = [
  ...REASONS.flatMap((reason) =>
    KINDS.map(([kind, lines]) =>
      attack(`an audit log that is ${reason} for the row ${kind}`, async (rig) => {
        rig.memory.fail(reason, kind)
        const call = rig.call("restart_container", { container: "n8n" })
        const first = await call.next()
        if (first.type === "consent-needed") {
          await rig.say(first.consentId, wordOf(first))
          expect(await call.next()).toMatchObject({ type: "denied", code: "audit-unavailable" })
        } else expect(first).toMatchObject({ type: "denied", code: "audit-unavailable" })
        expect(rig.docker.lines()).toEqual(lines)
      }),
    ),
  ),
  ...(["container_logs", "container_status", "list_containers"] as const).map((tool) =>
    attack(`${tool} without an intent on record`, async (rig) => {
      rig.memory.fail("full", "intent")
      const args = tool === "list_containers" ? {} : { container: "n8n" }
      expect(await rig.result(tool, args)).toMatchObject({ code: "audit-unavailable" })
      expect(rig.docker.bytes().length).toBe(0)
    }),
  ),
  attack(
    "an audit log that cannot take the outcome: said, and nothing more is done until it can",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      rig.memory.fail("full", "outcome")
      await rig.say(consentIdOf(question), wordOf(question))
      expect(await call.next()).toMatchObject({
        type: "receipt",
        speech: expect.stringContaining("audit log"),
      })
      const before = rig.docker.requests.length
      expect(await rig.result("container_status", { container: "n8n" })).toMatchObject({
        code: "audit-unavailable",
      })
      expect(rig.docker.requests).toHaveLength(before)
      rig.memory.heal()
      expect(await rig.result("container_status", { container: "n8n" })).toMatchObject({ type: "receipt" })
    },
    [POSTED],
  ),
  attack("an audit log that cannot take a refusal: refused all the same", async (rig) => {
    rig.memory.fail("full", "denied")
    expect(await rig.result("restart_container", { container: "portainer" })).toMatchObject({
      code: "unknown-container",
    })
    expect(rig.docker.bytes().length).toBe(0)
  }),
  {
    ...attack("an audit log that does not open", async (rig) => {
      for (const tool of ["restart_container", "stop_container", "container_logs", "timer"])
        expect(await rig.result(tool, { container: "n8n" })).toMatchObject({ code: "audit-unavailable" })
      expect(rig.docker.bytes().length).toBe(0)
    }),
    rig: {
      audit: Effect.fail({
        _tag: "AuditError",
        reason: "unavailable",
        message: "It does not open.",
      } as const),
    },
  },
  attack("an audit log that never answers", async (rig) => {
    rig.memory.pause()
    const call = rig.call("container_status", { container: "n8n" })
    await settle()
    rig.clock.increment(5_000)
    await settle()
    rig.clock.increment(5_000)
    expect(await call.next()).toMatchObject({ code: "audit-unavailable" })
    rig.memory.resume()
    await settle()
    expect(rig.docker.bytes().length).toBe(0)
  }),
]

const crashes: readonly AttackCase[] = [
  attack(
    "a guard that ends between the intent and the outcome: the next one finds out, and does not act again",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n", { callId: "cut-short" })
      rig.docker.fail({ type: "hang" }, { method: "POST", times: 1 })
      await rig.say(consentIdOf(question), wordOf(question))
      await settle()
      await rig.restart()
      await settle()
      expect(await call.next()).toMatchObject({ type: "receipt", outcome: "unknown" })
      const again = await rig.result("restart_container", { container: "n8n" }, { callId: "cut-short" })
      expect(again.type === "receipt" ? again.outcome : again.type).not.toBe("done")
      expect(rig.rows.filter(({ kind }) => kind === "outcome").length).toBeGreaterThanOrEqual(1)
    },
    [POSTED],
  ),
  attack("an engine that dies: refused, and no more than refused", async (rig) => {
    await rig.docker.crash()
    expect(await rig.result("restart_container", { container: "n8n" })).toMatchObject({ code: "engine-away" })
    await rig.docker.restart()
    expect(await rig.result("container_status", { container: "n8n" })).toMatchObject({ outcome: "done" })
  }),
]

export const failure: readonly AttackCase[] = [...beforehand, ...deeds, ...unlogged, ...crashes]
