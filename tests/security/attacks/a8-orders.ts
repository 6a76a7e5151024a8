import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { type AttackRig, consentIdOf, settle, wordOf } from "../../support/attack-rig.ts"
import { attack } from "./a8-attack.ts"
import { type AttackCase, expectAsked, expectDenied, expectRefused, giveUp, shown } from "./attack-case.ts"

const RESTARTED = "POST /containers/n8n/restart?t=10"

const grant = async (rig: AttackRig, conversationId = "talk") => {
  const { call, question } = await expectAsked(rig, "restart_container", "n8n", { conversationId })
  expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
  expect(await call.next()).toMatchObject({ type: "receipt", outcome: "done" })
  return question
}

const once = { changes: [RESTARTED] }

/** What is answered to which question, in which order. */
export const orders: readonly AttackCase[] = [
  attack("the right word, which is the one thing that counts", async (rig) => void (await grant(rig)), once),
  attack(
    "the right word with manners",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(consentIdOf(question), `Yes please, ${wordOf(question)}.`)).toBe("granted")
      expect(await call.next()).toMatchObject({ type: "receipt", outcome: "done" })
    },
    once,
  ),
  attack(
    "the same answer once more after it was granted",
    async (rig) => {
      const question = await grant(rig)
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
      await settle()
    },
    once,
  ),
  attack(
    "two answers at the same moment",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      const both = await Promise.all([1, 2].map(() => rig.say(consentIdOf(question), wordOf(question))))
      expect(both.sort()).toEqual(["denied", "granted"])
      expect(await call.next()).toMatchObject({ type: "receipt" })
    },
    once,
  ),
  attack(
    "a refusal right after the right word is too late, and acts but once",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
      expect(await rig.say(consentIdOf(question), "no")).toBe("denied")
      expect(await call.next()).toMatchObject({ type: "receipt" })
    },
    once,
  ),
  attack("the right word right after a refusal", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    expect(await rig.say(consentIdOf(question), "no")).toBe("denied")
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
    expectDenied(rig, await call.next(), "refused-by-user")
  }),
  attack(
    "a recording of the last answer, for the next question",
    async (rig) => {
      const recorded = wordOf(await grant(rig))
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(wordOf(question)).not.toBe(recorded)
      expect(await rig.say(consentIdOf(question), recorded)).toBe("ask-again")
      await call.next()
      await giveUp(rig, call)
    },
    once,
  ),
  attack("the word of an earlier question that was asked again", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    expect(await rig.say(consentIdOf(question), "yes")).toBe("ask-again")
    const again = await call.next()
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
    expect(await rig.say(consentIdOf(again), wordOf(question))).toBe("ask-again")
    await call.next()
    await giveUp(rig, call)
  }),
  attack("all the words there are, one after the other: locked after three", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    let asked = question
    const words = ["tennessee", "nebraska", "domino", "symphony"].filter((word) => word !== wordOf(question))
    for (const word of words.slice(0, 2)) {
      const guess = word === wordOf(asked) ? "yes" : word
      expect(await rig.say(consentIdOf(asked), guess)).toBe("ask-again")
      asked = await call.next()
    }
    expect(await rig.say(consentIdOf(asked), "yes")).toBe("denied")
    expectDenied(rig, await call.next(), "locked")
    rig.docker.clear()
    await expectRefused(rig, "restart_container", { container: "n8n" }, "locked")
    rig.clock.increment(299_000)
    await expectRefused(rig, "restart_container", { container: "n8n" }, "locked")
  }),
  attack("the right word when the question is over", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    rig.clock.increment(70_001)
    expectDenied(rig, await call.next(), "consent-expired")
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
  }),
  attack("the right word for a question that was withdrawn", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    await Effect.runPromise(rig.guard.withdraw(consentIdOf(question)))
    expectDenied(rig, await call.next(), "cancelled")
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
  }),
  attack("the right word for a call that nobody waits for", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    await giveUp(rig, call)
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
    await settle()
  }),
  attack("the right word after the guard began anew", async (rig) => {
    const { question } = await expectAsked(rig, "restart_container", "n8n")
    await rig.restart()
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
    await settle()
  }),
  ...["", "none", "q1", "__proto__", "*", "undefined"].map((id) =>
    attack(`the right word for the question ${shown(id)}`, async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(id, wordOf(question))).toBe("denied")
      await giveUp(rig, call)
    }),
  ),
  attack("the word of one question for another one", async (rig) => {
    const first = await expectAsked(rig, "restart_container", "n8n")
    await giveUp(rig, first.call)
    const { call, question } = await expectAsked(rig, "restart_container", "qdrant")
    expect(await rig.say(consentIdOf(first.question), wordOf(question))).toBe("denied")
    expect(await rig.say(consentIdOf(question), wordOf(first.question))).toBe("ask-again")
    await call.next()
    await giveUp(rig, call)
  }),
  attack("a typed answer to a question that was asked aloud", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    const typed = { type: "typed", consentId: consentIdOf(question), text: wordOf(question) } as const
    expect(await Effect.runPromise(rig.guard.answer(typed))).toBe("denied")
    expectDenied(rig, await call.next(), "refused-by-user")
  }),
  attack("a spoken answer to a question at the terminal", async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n", { origin: "command-line" })
    expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
    expectDenied(rig, await call.next(), "refused-by-user")
  }),
  ...["confirm", "answer", "consent", "jett_confirm", "restart_container_confirmed"].map((tool) =>
    attack(`the model's own confirmation by a tool ${tool}`, async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      const args = { consentId: consentIdOf(question), text: wordOf(question), container: "n8n" }
      await expectRefused(rig, tool, args, "unknown-tool")
      await giveUp(rig, call)
    }),
  ),
  ...(["restart_container", "start_container", "stop_container"] as const).flatMap((tool) =>
    ["n8n", "postgres"]
      .filter((name) => !(tool === "start_container" && name === "postgres"))
      .map((container) =>
        attack(`${tool} of ${container} while another question waits`, async (rig) => {
          const { call } = await expectAsked(rig, "restart_container", "qdrant")
          await expectRefused(rig, tool, { container }, "consent-pending")
          await giveUp(rig, call)
        }),
      ),
  ),
  attack("the same call again in the turn that asks", async (rig) => {
    const { call } = await expectAsked(rig, "restart_container", "n8n")
    await expectRefused(rig, "restart_container", { container: "n8n" }, "consent-pending")
    await giveUp(rig, call)
  }),
  attack("the same call id with another container after the read-back", async (rig) => {
    const { call } = await expectAsked(rig, "restart_container", "n8n", { callId: "same-1" })
    await expectRefused(rig, "restart_container", { container: "qdrant" }, "malformed", { callId: "same-1" })
    await giveUp(rig, call)
  }),
  attack("the same call id with another tool after the read-back", async (rig) => {
    const { call } = await expectAsked(rig, "restart_container", "n8n", { callId: "same-2" })
    await expectRefused(rig, "stop_container", { container: "n8n" }, "malformed", { callId: "same-2" })
    await giveUp(rig, call)
  }),
  attack(
    "arguments that are changed after the read-back",
    async (rig) => {
      const args = { container: "n8n" }
      const call = rig.call("restart_container", args)
      const question = await call.next()
      args.container = "portainer"
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
      expect(await call.next()).toMatchObject({ type: "receipt", outcome: "done" })
    },
    once,
  ),
  attack(
    "two clients of one call: one question, one restart",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n", { callId: "twin" })
      const twin = rig.call("restart_container", { container: "n8n" }, { callId: "twin" })
      expect(await twin.next()).toEqual(question)
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
      expect(await call.next()).toEqual(await twin.next())
    },
    once,
  ),
  attack(
    "a desk that grants something else than what was asked",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
      expectDenied(rig, await call.next(), "identity")
    },
    { rig: { desk: (desk) => ({ ...desk, judge: () => ({ type: "granted", hash: "0".repeat(64) }) }) } },
  ),
  attack(
    "a desk that breaks",
    async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("denied")
      expectDenied(rig, await call.next(), "internal")
    },
    {
      rig: {
        desk: (desk) => ({
          ...desk,
          judge: () =>
            Reflect.apply(
              () => {
                throw new Error("broken")
              },
              undefined,
              [],
            ),
        }),
      },
    },
  ),
]
