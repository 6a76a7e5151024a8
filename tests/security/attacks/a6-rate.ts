import { expect } from "vitest"
import { RateLimit } from "../../../src/security/rate-limit.ts"
import { type AttackRig, attackRig, type CallDetails, consentIdOf, wordOf } from "../../support/attack-rig.ts"
import { type AttackCase, expectAsked, expectRefused, giveUp } from "./attack-case.ts"

const ten = () => new RateLimit({ perMinute: 10, deniedPerMinute: 20 })

/** With a limit of its own, and a log of its own: what others did does not count. */
const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  more: Pick<AttackCase, "changes"> = {},
): AttackCase => ({ class: "A6", what, attack: run, rig: { limit: ten(), log: undefined }, ...more })

const read = (rig: AttackRig, more: CallDetails = {}) =>
  rig.result("container_status", { container: "n8n" }, more)

const times = async (count: number, run: (i: number) => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < count; i++) await run(i)
}

const admit = (rig: AttackRig, count: number, more: (i: number) => CallDetails = () => ({})) =>
  times(count, async (i) => expect(await read(rig, more(i))).toMatchObject({ type: "receipt" }))

const refused = async (
  rig: AttackRig,
  tool = "container_status",
  container = "n8n",
  more: CallDetails = {},
) => {
  await expectRefused(rig, tool, { container }, "rate-limited", more)
}

export const rate: readonly AttackCase[] = [
  attack("the eleventh call", async (rig) => {
    await admit(rig, 10)
    await refused(rig)
  }),
  ...(["phrase", "model", "command-line"] as const).map((origin) =>
    attack(`the eleventh call, by ${origin}`, async (rig) => {
      await admit(rig, 10)
      await refused(rig, "container_status", "n8n", { origin })
    }),
  ),
  ...["restart_container", "stop_container", "container_logs", "container_stats"].map((tool) =>
    attack(`the eleventh call, of ${tool}`, async (rig) => {
      await admit(rig, 10)
      await refused(rig, tool)
    }),
  ),
  attack("the eleventh call, about another container", async (rig) => {
    await admit(rig, 10)
    await refused(rig, "container_status", "qdrant")
  }),
  attack("eleven calls of eleven conversations", async (rig) => {
    await admit(rig, 10, (i) => ({ conversationId: `other-${i}` }))
    await refused(rig, "container_status", "n8n", { conversationId: "other-10" })
  }),
  attack("the last millisecond of the minute, and the one after it", async (rig) => {
    await admit(rig, 10)
    rig.clock.increment(59_999)
    await refused(rig)
    rig.clock.increment(1)
    await admit(rig, 10)
    await refused(rig)
  }),
  attack("a window that slides: nine at its end and ten after it are too many", async (rig) => {
    await admit(rig, 1)
    rig.clock.increment(59_000)
    await admit(rig, 9)
    rig.clock.increment(1_000)
    await admit(rig, 1)
    await refused(rig)
  }),
  attack("fifty calls at the same moment", async (rig) => {
    const all = await Promise.all(Array.from({ length: 50 }, () => read(rig)))
    expect(all.filter(({ type }) => type === "receipt")).toHaveLength(10)
    expect(all.filter((each) => each.type === "denied" && each.code === "rate-limited")).toHaveLength(40)
    expect(rig.docker.requests).toHaveLength(20)
  }),
  attack("fifty changes at the same moment: one is asked about", async (rig) => {
    const made = Array.from({ length: 50 }, () => rig.call("restart_container", { container: "n8n" }))
    const first = await Promise.all(made.map((call) => call.next()))
    const asked = first.filter(({ type }) => type === "consent-needed")
    expect(asked).toHaveLength(1)
    expect(rig.docker.lines()).toEqual(["GET /containers/n8n/json"])
    for (const call of made) await call.stop()
  }),
  attack("a wall clock that is put forward by a day", async (rig) => {
    await admit(rig, 10)
    const now = Date.now
    Date.now = () => now() + 86_400_000
    try {
      await refused(rig)
    } finally {
      Date.now = now
    }
  }),
  attack("a wall clock that is put back by a day", async (rig) => {
    await admit(rig, 10)
    const now = Date.now
    Date.now = () => now() - 86_400_000
    try {
      await refused(rig)
    } finally {
      Date.now = now
    }
  }),
  attack("changes that are asked about and given up count", async (rig) => {
    await times(10, async () => {
      const { call } = await expectAsked(rig, "restart_container", "n8n")
      await giveUp(rig, call)
    })
    await refused(rig)
  }),
  attack(
    "a change counts once, however many answers it needs",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(consentIdOf(question), "yes")).toBe("ask-again")
      const again = await call.next()
      expect(await rig.say(consentIdOf(again), wordOf(again))).toBe("granted")
      expect(await call.next()).toMatchObject({ type: "receipt" })
      await admit(rig, 9)
      rig.clock.increment(0)
      await expectRefused(rig, "container_status", { container: "n8n" }, "rate-limited")
    },
    { changes: ["POST /containers/n8n/restart?t=10"] },
  ),
  attack("the same call twenty times counts once", async (rig) => {
    await times(20, () => read(rig, { callId: "again" }))
    expect(rig.docker.requests).toHaveLength(2)
    await admit(rig, 9)
    await refused(rig)
  }),
  attack("refusals use up no operations", async (rig) => {
    await times(15, () => rig.result("container_status", { container: "portainer" }))
    await admit(rig, 10)
    await refused(rig)
  }),
  attack("a flood of 100 refusals leaves 21 rows, and the user can still act", async (rig) => {
    await times(100, async () =>
      expect(await rig.result("kill_container", {})).toMatchObject({ code: "unknown-tool" }),
    )
    expect(rig.rows).toHaveLength(21)
    expect(rig.rows.at(-1)?.payload).toMatchObject({ moreAreNotWritten: true })
    expect(rig.docker.requests).toHaveLength(0)
    await admit(rig, 10)
  }),
  attack("a restart of the process forgives nothing", async (rig) => {
    await admit(rig, 10)
    await rig.restart()
    await refused(rig)
  }),
  attack("a new limiter learns from the log what an earlier process did", async (first) => {
    await admit(first, 10)
    const next = await attackRig({ limit: ten(), docker: first.docker, log: first.memory })
    await refused(next)
    await next.close()
  }),
  attack("a clock that was put back between two processes forgives nothing", async (outer) => {
    const first = await attackRig({ limit: ten(), docker: outer.docker, wallNow: () => 2_000_000_000_000 })
    await admit(first, 10)
    const next = await attackRig({
      ...{ limit: ten(), docker: outer.docker, log: first.memory, wallNow: () => 1_999_000_000_000 },
    })
    await refused(next)
    await next.close()
    await first.close()
  }),
]
