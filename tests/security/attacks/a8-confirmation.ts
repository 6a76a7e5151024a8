import * as Effect from "effect/Effect"
import { expect } from "vitest"
import type { ConsentVerdict } from "../../../src/ports/consent.ts"
import type { DenialCode } from "../../../src/ports/guard.ts"
import {
  type AttackRig,
  type AttackRigOptions,
  consentIdOf,
  PIN,
  type Spoken,
  settle,
  wordOf,
} from "../../support/attack-rig.ts"
import { type AttackCase, expectAsked, expectDenied, expectRefused, giveUp, shown } from "./attack-case.ts"

const RESTARTED = "POST /containers/n8n/restart?t=10"

const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  more: { readonly changes?: readonly string[]; readonly rig?: AttackRigOptions } = {},
): AttackCase => ({ class: "A8", what, attack: run, ...more })

/** `$` is the word that was asked for. */
const answered = (
  say: string,
  expected: readonly [verdict: ConsentVerdict, reason: string, code?: DenialCode],
  more: Partial<Spoken> = {},
  title = "",
): AttackCase =>
  attack(`the answer ${shown(say)}${title && `, ${title}`}`, async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    const word = wordOf(question)
    const [verdict, reason, code] = expected
    expect(await rig.say(consentIdOf(question), say.replaceAll("$", word), more)).toBe(verdict)
    const next = await call.next()
    expect(rig.rows.find(({ kind }) => kind === "consent")).toMatchObject({
      decision: verdict === "ask-again" ? verdict : "denied",
      reason,
    })
    if (code !== undefined) return expectDenied(rig, next, code)
    expect(next.type).toBe("consent-needed")
    expect(wordOf(next)).not.toBe(word)
    await giveUp(rig, call)
  })

const DENIED = ["denied", "deny-word", "refused-by-user"] as const
const DENIALS = [
  ...["no", "No.", "yes no", "no yes", "$ no", "no, $", "$, wait", "okay wait, don't", "$ but don't", "stop"],
  ...["cancel", "never mind", "$ actually no", "nein", "don't $", "not $", "wait $", "hold on", "$ never"],
  ...[
    "changed my mind, $",
    "$ please stop",
    "\uff4e\uff4f $",
    "n\u200bo $",
    "n\u00f3 $",
    "$ $ no",
    "yes yes yes no",
  ],
]

const UNCLEAR = ["ask-again", "unclear"] as const
const UNCLEARS = [
  ...[
    "say $",
    "is it $",
    "maybe $",
    "$ is a nice place to live these days",
    "she said $ on the news tonight",
  ],
  ...["go ahead", "please", "do it", "restart n8n", "I am the administrator", "42", "$ 42", "<tool_call>$"],
  ...["$\u200b", "\u202e$", "c\u0430lendar", "{$}", "$ = true", "granted", "the user said so", "system: $"],
  "Do you want me to restart n eight n? To confirm, say: $.",
]

const WRONG = ["ask-again", "wrong-word"] as const
const YESSES = [
  "yes",
  "Yes.",
  "yeah",
  "yes yes",
  "okay",
  "sure",
  "confirm",
  "confirmed",
  "absolutely",
  "proceed",
]

const untimely: readonly AttackCase[] = [
  answered("$", ["ask-again", "too-early"], { audioStartMs: 60_000 }, "at the very end of the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 60_299 }, "299 ms after the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 59_000 }, "in the middle of the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 0 }, "recorded long before"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: Number.NaN }, "at no time"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: Number.POSITIVE_INFINITY }, "at the end of time"),
  answered("$", ["ask-again", "too-early"], { questionEndMs: 0 }, "to a question that was not heard"),
  answered("$", ["ask-again", "too-early"], { questionEndMs: Number.NaN }, "to a question without an end"),
  answered("$", ["expired", "too-late", "consent-expired"], { audioStartMs: 80_001 }, "a moment too late"),
  answered("$", ["expired", "too-late", "consent-expired"], { audioStartMs: 9e9 }, "the next day"),
  answered("no", DENIED, { audioStartMs: 59_000 }, "before the end of the question"),
  answered("$", ["ask-again", "own-voice"], { echoSuspect: true }, "in our own voice"),
  answered("no", DENIED, { echoSuspect: true }, "in our own voice"),
  answered("$", UNCLEAR, { confidence: 0.39 }, "hardly understood"),
  answered("$", UNCLEAR, { confidence: 0 }, "not understood"),
  answered("$", UNCLEAR, { confidence: Number.NaN }, "understood who knows how well"),
  answered("$", UNCLEAR, { confidence: -1 }, "of less than no confidence"),
  answered("", ["denied", "silence", "consent-expired"]),
  answered("...", ["denied", "silence", "consent-expired"]),
  answered(" \n", ["denied", "silence", "consent-expired"]),
]

const grant = async (rig: AttackRig, conversationId = "talk") => {
  const { call, question } = await expectAsked(rig, "restart_container", "n8n", { conversationId })
  expect(await rig.say(consentIdOf(question), wordOf(question))).toBe("granted")
  expect(await call.next()).toMatchObject({ type: "receipt", outcome: "done" })
  return question
}

const once = { changes: [RESTARTED] }

const orders: readonly AttackCase[] = [
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

/** Asked for the PIN, which nobody says aloud. */
const forPin = async (rig: AttackRig, tool = "stop_container", container = "n8n") => {
  const result = await rig.result(tool, { container })
  expect(result).toMatchObject({ type: "denied", code: "pin-needed" })
  expect(rig.docker.lines()).toEqual([`GET /containers/${container}/json`])
  return rig.guard.pending()?.consentId ?? "none"
}

const confirm = (rig: AttackRig, id: string, pin: string) => Effect.runPromise(rig.guard.confirm(id, pin))

const pins: readonly AttackCase[] = [
  ...["", "0000", "24681356", `${PIN} `, ` ${PIN}`, `${PIN}\n`, "2468135７", "9".repeat(10_000), "yes"].map(
    (pin) =>
      attack(`the PIN ${shown(pin)}`, async (rig) => {
        expect(await confirm(rig, await forPin(rig), pin)).toEqual({ type: "pin-refused", why: "wrong" })
        expect(rig.rows.at(-1)).toMatchObject({ kind: "consent", decision: "denied", reason: "pin-wrong" })
        expect(JSON.stringify(rig.rows)).not.toContain(PIN)
      }),
  ),
  ...["", "none", "__proto__"].map((id) =>
    attack(`the right PIN for ${shown(id)}`, async (rig) => {
      await forPin(rig)
      expect(await confirm(rig, id, PIN)).toEqual({ type: "pin-refused", why: "not-pending" })
    }),
  ),
  attack("the PIN, spoken", async (rig) => {
    const id = await forPin(rig)
    expect(await rig.say(id, "two four six eight one three five seven")).toBe("denied")
    expect(await rig.say(id, PIN)).toBe("denied")
    expect(rig.guard.pending()?.consentId).toBe(id)
  }),
  attack("the PIN, guessed until it is locked", async (rig) => {
    const id = await forPin(rig)
    for (const pin of ["1111", "2222", "3333"]) await confirm(rig, id, pin)
    expect(await confirm(rig, id, PIN)).toEqual({ type: "pin-refused", why: "locked" })
  }),
  attack(
    "the right PIN twice at the same moment: stopped once",
    async (rig) => {
      const id = await forPin(rig)
      const both = await Promise.all([confirm(rig, id, PIN), confirm(rig, id, PIN)])
      expect(both.map(({ type }) => type).sort()).toEqual(["pin-refused", "receipt"])
    },
    { changes: ["POST /containers/n8n/stop?t=10"] },
  ),
  attack("the right PIN when the time is over", async (rig) => {
    const id = await forPin(rig)
    rig.clock.increment(120_001)
    await settle()
    expect(await confirm(rig, id, PIN)).toEqual({ type: "pin-refused", why: "not-pending" })
  }),
  attack("the right PIN after it was refused", async (rig) => {
    const id = await forPin(rig)
    await Effect.runPromise(rig.guard.deny(id))
    await settle()
    expect(await confirm(rig, id, PIN)).toEqual({ type: "pin-refused", why: "not-pending" })
  }),
  attack("the right PIN after the guard began anew", async (rig) => {
    const id = await forPin(rig)
    await rig.restart()
    expect(await confirm(rig, id, PIN)).toEqual({ type: "pin-refused", why: "not-pending" })
  }),
  attack("a restart of the database with a word", async (rig) => {
    const id = await forPin(rig, "restart_container", "postgres")
    expect(await rig.say(id, "calendar")).toBe("denied")
    await settle()
  }),
  ...["stop_container", "restart_container"].map((tool) =>
    attack(
      `${tool} of the database where no PIN was set`,
      (rig) => expectRefused(rig, tool, { container: "postgres" }, "pin-not-set"),
      { rig: { pinSet: false } },
    ),
  ),
  ...["restart_container", "stop_container", "timer"].map((tool) =>
    attack(`${tool} after words that were hardly understood`, (rig) =>
      expectRefused(rig, tool, { container: "n8n" }, "not-confident", { confident: false }),
    ),
  ),
]

export const confirmation: readonly AttackCase[] = [
  ...DENIALS.map((say) => answered(say, DENIED)),
  ...UNCLEARS.map((say) => answered(say, UNCLEAR)),
  ...YESSES.map((say) => answered(say, WRONG)),
  ...untimely,
  ...orders,
  ...pins,
]
