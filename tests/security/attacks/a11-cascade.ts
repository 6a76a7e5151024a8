import { expect } from "vitest"
import { RateLimit } from "../../../src/security/rate-limit.ts"
import { type AttackRig, consentIdOf, settle, wordOf } from "../../support/attack-rig.ts"
import { logFrame } from "../../support/fake-docker-state.ts"
import { type AttackCase, expectAsked, expectRefused } from "./attack-case.ts"

const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  more: Pick<AttackCase, "changes" | "rig"> = {},
): AttackCase => ({ class: "A11", what, attack: run, rig: { log: undefined }, ...more })

const POSTED = "POST /containers/n8n/restart?t=10"
const FRAMED = { "content-type": "application/vnd.docker.multiplexed-stream" }
const RAW = { "content-type": "application/vnd.docker.raw-stream" }

function* repeated(piece: Uint8Array, times: number): Iterable<Uint8Array> {
  for (let i = 0; i < times; i++) yield piece
}

const LINES = Buffer.from(`${"error: the same again and again ".repeat(32)}\n`.repeat(64))

/** Whatever a log is, this is what of it comes through: bounded, and no faster than it is thrown away. */
const expectBounded = async (rig: AttackRig, container = "n8n"): Promise<void> => {
  const read = await rig.result("container_logs", { container })
  expect(read).toMatchObject({ type: "receipt", outcome: "done" })
  if (read.type !== "receipt") return
  expect(read.untrusted?.length ?? 0).toBeLessThanOrEqual(16_000 * 5)
  expect((read.untrusted ?? "").split("\n").length).toBeLessThanOrEqual(200)
  expect(JSON.stringify(rig.rows).length).toBeLessThan(10_000)
}

const flood = (
  what: string,
  body: () => Iterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
  tty = false,
) =>
  attack(what, async (rig) => {
    rig.docker.state.get("n8n").tty = tty
    rig.docker.fail({ type: "answer", body: body(), headers }, { path: /\/logs/ })
    await expectBounded(rig)
    expect(await rig.result("container_status", { container: "n8n" })).toMatchObject({ outcome: "done" })
  })

const unread = (what: string, body: () => Iterable<Uint8Array> | Uint8Array, headers = FRAMED) =>
  attack(what, async (rig) => {
    rig.docker.fail({ type: "answer", body: body(), headers }, { path: /\/logs/ })
    const read = await rig.result("container_logs", { container: "n8n" })
    expect(read).toMatchObject({ type: "receipt", outcome: "failed" })
    expect(read).not.toHaveProperty("untrusted")
  })

export const cascade: readonly AttackCase[] = [
  flood(
    "a log of 100 MB",
    () => repeated(logFrame("stdout", LINES), Math.ceil(100e6 / LINES.length)),
    FRAMED,
  ),
  flood(
    "a line without an end, of 20 MB, on a terminal",
    () => repeated(Buffer.alloc(65_536, "x"), 320),
    RAW,
    true,
  ),
  flood("one frame of 20 MB", () => [logFrame("stderr", Buffer.alloc(20_000_000, "y"))], FRAMED),
  flood(
    "a million empty frames",
    () => repeated(Buffer.concat([...repeated(logFrame("stdout", Buffer.alloc(0)), 1_000)]), 1_000),
    FRAMED,
  ),
  flood(
    "50,000 frames of one byte",
    () => repeated(Buffer.concat([...repeated(logFrame("stdout", Buffer.from("z")), 500)]), 100),
    FRAMED,
  ),
  flood(
    "a log of nothing but colours",
    () => repeated(logFrame("stdout", Buffer.from("\x1b[31m\x1b[0m".repeat(500))), 200),
    FRAMED,
  ),
  flood(
    "a log of nothing but line feeds",
    () => repeated(logFrame("stdout", Buffer.alloc(10_000, "\n")), 20),
    FRAMED,
  ),
  flood("a log of no text", () => repeated(logFrame("stdout", Buffer.alloc(10_000, 0xff)), 20), FRAMED),
  unread("a frame that claims to be 4 GB", () => Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 65])),
  unread("a frame of a stream that there is not", () => Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 65])),
  unread("half a header", () => Buffer.from([1, 0, 0])),
  attack(
    "a container that stops right after each start: told, and not tried again",
    async (rig) => {
      rig.docker.state.get("n8n").afterStart = { looks: 0, becomes: "exited", exitCode: 1 }
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      await rig.say(consentIdOf(question), wordOf(question))
      expect(await call.next()).toMatchObject({ type: "receipt", outcome: "failed" })
      await settle()
    },
    { changes: [POSTED] },
  ),
  attack(
    "ten restarts one after the other need ten words, and the eleventh waits",
    async (rig) => {
      for (let i = 0; i < 10; i++) {
        const call = rig.call("restart_container", { container: "n8n" })
        const question = await call.next()
        expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
        expect(await call.next()).toMatchObject({ outcome: "done" })
      }
      await expectRefused(rig, "restart_container", { container: "n8n" }, "rate-limited")
    },
    {
      changes: Array.from({ length: 10 }, () => POSTED),
      rig: { log: undefined, limit: new RateLimit({ perMinute: 10, deniedPerMinute: 10 }) },
    },
  ),
  ...["portainer", "watchtower", "docker-socket-proxy"].map((container) =>
    attack(`a restart of what the way to the server goes through: ${container}`, (rig) =>
      expectRefused(rig, "restart_container", { container }, "unknown-container"),
    ),
  ),
  attack("a hundred calls at once: those that are too many are refused, and none is lost", async (rig) => {
    const all = await Promise.all(
      Array.from({ length: 100 }, () => rig.result("container_status", { container: "n8n" })),
    )
    expect(all.filter(({ type }) => type === "receipt")).toHaveLength(64)
    expect(all.filter((each) => each.type === "denied" && each.code === "rate-limited")).toHaveLength(36)
  }),
  attack(
    "a flood of refusals while a question waits does not answer it",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      for (let i = 0; i < 100; i++)
        await expectRefused(rig, "restart_container", { container: "qdrant" }, "consent-pending")
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
      expect(await call.next()).toMatchObject({ outcome: "done" })
    },
    { changes: [POSTED] },
  ),
]
