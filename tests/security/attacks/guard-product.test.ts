import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { CallOrigin } from "../../../src/ports/guard.ts"
import { type AttackRig, attackRig, consentIdOf, PIN, settle, wordOf } from "../../support/attack-rig.ts"
import {
  costOf,
  DECIDED_ENTRIES,
  expectedVerdict,
  ORIGINS,
  SITUATIONS,
  type Situation,
} from "../decision-table.ts"

const NAMES = ["n8n", "qdrant", "postgres", "portainer", "N8N"]
const ACTIONS = ["status", "logs", "stats", "start", "restart", "stop", "kill"] as const

const toolOf = (action: string): string =>
  action === "start" || action === "restart" || action === "stop" || action === "kill"
    ? `${action}_container`
    : `container_${action}`

/** In the words of the table: what came of a call, and what it left on the wire. */
const verdictOf = async (
  rig: AttackRig,
  name: string,
  action: string,
  origin: CallOrigin,
  situation: Situation,
) => {
  const before = rig.docker.requests.length
  const call = rig.call(
    toolOf(action),
    { container: name },
    {
      ...{ origin, confident: situation.confident },
      ...(situation.tainted && { conversationId: "tainted" }),
    },
  )
  const event = await call.next()
  const lines = rig.docker.lines().slice(before)
  if (event.type === "consent-needed") {
    await call.stop()
    return { verdict: "confirm word", lines }
  }
  if (event.type === "receipt") return { verdict: "allow", lines }
  if (event.code === "pin-needed") {
    await Effect.runPromise(rig.guard.deny(rig.guard.pending()?.consentId ?? "none"))
    await settle()
    return { verdict: "confirm pin", lines }
  }
  const isOfTable = ["unknown-tool", "unknown-container", "not-permitted"].includes(event.code)
  return { verdict: isOfTable ? "not permitted" : `deny ${event.code}`, lines }
}

const sets = [false, true].flatMap((locked) => [false, true].map((pinSet) => ({ locked, pinSet })))
const CASES = NAMES.length * ACTIONS.length * SITUATIONS.length
/** Where the time does not matter, each of them by every caller; here by one after the other. */
const EVERY = process.env["JETT_ATTACKS"] === undefined ? 1 : ORIGINS.length

describe(`the product of table, actions and situations, through the whole guard (${CASES} cases)`, () => {
  it.each(sets)(
    "equals the table of the rules: %j",
    async ({ locked, pinSet }) => {
      const rig = await attackRig({
        entries: [...DECIDED_ENTRIES, { name: "other", allow: ["restart"], database: false }],
        pinSet,
        desk: (desk) => ({ ...desk, lockedMs: (key) => (locked && !key.endsWith(" other") ? 30_000 : 0) }),
      })
      rig.docker.state.add("other")
      await rig.taint("tainted")
      const wrong: string[] = []
      let seen = 0
      for (const consentPending of [false, true]) {
        const waiting = consentPending ? rig.call("restart_container", { container: "other" }) : undefined
        if (waiting !== undefined) expect((await waiting.next()).type).toBe("consent-needed")
        for (const situation of SITUATIONS.filter(
          (each) =>
            each.locked === locked && each.pinSet === pinSet && each.consentPending === consentPending,
        ))
          for (const name of NAMES)
            for (const action of ACTIONS)
              for (let by = 0; by < EVERY; by++) {
                const origin = ORIGINS[seen % ORIGINS.length] ?? "model"
                seen += 1
                const { verdict, lines } = await verdictOf(rig, name, action, origin, situation)
                const expected = expectedVerdict(costOf(name, action), situation)
                const most = verdict === "allow" ? 4 : verdict.startsWith("confirm") ? 1 : 0
                if (
                  verdict !== expected ||
                  lines.length > most ||
                  lines.some((line) => !line.startsWith("GET "))
                )
                  wrong.push(
                    `${JSON.stringify([name, action, origin, situation])}: ${verdict}, not ${expected}; ${lines}`,
                  )
              }
        await waiting?.stop()
      }
      expect(wrong).toEqual([])
      expect(seen).toBe((CASES * EVERY) / 4)
      expect(rig.docker.changes()).toEqual([])
      await rig.close()
    },
    300_000,
  )
})

/** What an answer comes to, for what wants a word and for what wants the PIN. */
const ANSWERS: readonly (readonly [answer: string, word: "done" | "no" | "again", pin: "done" | "no"])[] = [
  ["the word", "done", "no"],
  ["the word, tainted", "done", "no"],
  ["the PIN", "again", "done"],
  ["the PIN, tainted", "again", "done"],
  ["yes", "again", "no"],
  ["no", "no", "no"],
  ["the word, but no", "no", "no"],
  ["nothing", "no", "no"],
]

describe("every change, with every answer", () => {
  let rig: AttackRig
  beforeAll(async () => {
    rig = await attackRig({ entries: DECIDED_ENTRIES })
  })
  afterAll(() => rig.close())

  const changes = DECIDED_ENTRIES.flatMap(({ name, allow }) =>
    allow.filter((action) => /start|stop/.test(action)).map((action) => ({ name, action })),
  )
  it.each(changes.flatMap((each) => ANSWERS.map(([answer, word, pin]) => ({ ...each, answer, word, pin }))))(
    "$action $name, answered with $answer",
    async ({ name, action, answer, word, pin }) => {
      rig.docker.state.get(name).state = action === "start" ? "exited" : "running"
      if (answer.endsWith("tainted")) await rig.taint("tainted")
      rig.docker.clear()
      const call = rig.call(
        toolOf(action),
        { container: name },
        { conversationId: answer.endsWith("tainted") ? "tainted" : "clean" },
      )
      const event = await call.next()
      const isWord = costOf(name, action) === "w"
      expect(event.type).toBe(isWord ? "consent-needed" : "denied")
      const said =
        answer === "nothing"
          ? ""
          : answer
              .replace(/, tainted$/, "")
              .replace("the word", wordOf(event) || "calendar")
              .replace("the PIN", PIN)
      let done = false
      if (isWord) {
        const verdict = await rig.say(consentIdOf(event), said)
        expect(verdict).toBe({ done: "granted", no: "denied", again: "ask-again" }[word])
        const next = await call.next()
        done = next.type === "receipt" && next.outcome === "done"
        await call.stop()
      } else {
        const result = await Effect.runPromise(
          rig.guard.confirm(rig.guard.pending()?.consentId ?? "none", said),
        )
        done = result.type === "receipt" && result.outcome === "done"
      }
      expect(done).toBe((isWord ? word : pin) === "done")
      expect(rig.docker.changes()).toHaveLength(done ? 1 : 0)
      await rig.reset()
    },
  )
})
