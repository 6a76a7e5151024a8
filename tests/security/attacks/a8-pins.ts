import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { type AttackRig, PIN, settle } from "../../support/attack-rig.ts"
import { attack } from "./a8-attack.ts"
import { type AttackCase, expectRefused, shown } from "./attack-case.ts"

/** Asked for the PIN, which nobody says aloud. */
const forPin = async (rig: AttackRig, tool = "stop_container", container = "n8n") => {
  const result = await rig.result(tool, { container })
  expect(result).toMatchObject({ type: "denied", code: "pin-needed" })
  expect(rig.docker.lines()).toEqual([`GET /containers/${container}/json`])
  return rig.guard.pending()?.consentId ?? "none"
}

const confirm = (rig: AttackRig, id: string, pin: string) => Effect.runPromise(rig.guard.confirm(id, pin))

export const pins: readonly AttackCase[] = [
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
