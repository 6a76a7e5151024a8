import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { GuardedTool, Performed } from "../../../src/ports/guarded-tool.ts"
import { matchPhrase } from "../../../src/text/match-phrase.ts"
import { normaliseForSpeech } from "../../../src/text/normalise.ts"
import type { Timer } from "../../../src/tools/timers/timer.ts"
import { noTimerTools, timerTools } from "../../../src/tools/timers/timer-tools.ts"
import { Timers } from "../../../src/tools/timers/timers.ts"
import { simulatedClock } from "../../support/nursery.ts"

const NOON = Date.UTC(2026, 2, 2, 12)

const rig = () => {
  const clock = simulatedClock()
  let saves = true
  let onDisk: readonly Timer[] = []
  const timers = new Timers({
    file: {
      timers: [],
      save: (latest) =>
        Effect.sync(() => {
          onDisk = latest
          return saves
        }),
      flushed: Effect.void,
    },
    wall: () => NOON + clock.now(),
    clock,
    announcements: { announce: () => {}, withdraw: () => false },
    newId: () => `t${Math.random()}`,
  })
  let isUp = true
  const tools = timerTools(() => (isUp ? timers : undefined))
  const tool = (name: string): GuardedTool => {
    const found = tools.find(({ definition }) => definition.name === name)
    if (found === undefined) throw new Error(`no tool ${name}`)
    return found
  }
  const call = (name: string, args: Readonly<Record<string, unknown>> = {}): Performed => {
    const prepared = tool(name).prepare(args)
    if (prepared.type === "refused") throw new Error(`refused: ${prepared.speech}`)
    return Effect.runSync(tool(name).perform(prepared.operation, undefined))
  }
  return {
    tools,
    tool,
    call,
    clock,
    onDisk: () => onDisk,
    unsaved: () => {
      saves = false
    },
    away: () => {
      isUp = false
    },
  }
}

describe("what is said", () => {
  it("when a timer is set", () => {
    const { call, unsaved } = rig()
    expect(call("set_timer", { seconds: 600 })).toMatchObject({
      outcome: "done",
      speech: "Timer set for ten minutes.",
      observed: { seconds: 600 },
    })
    expect(call("set_timer", { seconds: 480, label: "pasta" }).speech).toBe(
      "Pasta timer set for eight minutes.",
    )
    unsaved()
    expect(call("set_timer", { seconds: 5400 }).speech).toBe(
      "Timer set for one hour and thirty minutes. I can't save it, so a restart loses it.",
    )
  })

  it("when there are twenty already", () => {
    const { call } = rig()
    for (let i = 0; i < 20; i++) call("set_timer", { seconds: 60 })
    expect(call("set_timer", { seconds: 60 })).toMatchObject({
      outcome: "failed",
      speech: "I keep twenty timers at most, and all are in use.",
    })
  })

  it("when it is asked how long is left", () => {
    const { call, clock } = rig()
    expect(call("list_timers")).toMatchObject({ outcome: "done", speech: "No timer is running." })
    call("set_timer", { seconds: 600, label: "pasta" })
    clock.increment(100_000)
    expect(call("list_timers")).toMatchObject({
      speech: "Eight minutes and twenty seconds left on your pasta timer.",
      observed: { timers: [{ label: "pasta", seconds: 600, leftSeconds: 500 }] },
    })
    call("set_timer", { seconds: 300 })
    expect(call("list_timers").speech).toBe(
      "Two timers. Five minutes left on your five minute timer. Eight minutes and twenty seconds left on your pasta timer.",
    )
    expect(call("list_timers", { seconds: 300 }).speech).toBe("Five minutes left on your five minute timer.")
    expect(call("list_timers", { label: "egg" }).speech).toBe("No egg timer is running.")
    for (let i = 1; i <= 4; i++) call("set_timer", { seconds: i })
    expect(call("list_timers").speech).toMatch(/^Six timers\. One second left .* And two more\.$/)
  })

  it("when one is cancelled", () => {
    const { call } = rig()
    expect(call("cancel_timer")).toMatchObject({ outcome: "unchanged", speech: "No timer is running." })
    call("set_timer", { seconds: 600, label: "pasta" })
    call("set_timer", { seconds: 300 })
    expect(call("cancel_timer")).toMatchObject({
      outcome: "failed",
      speech: "You have two such timers. Say which, by name or length, or cancel all timers.",
    })
    expect(call("cancel_timer", { label: "egg", seconds: 60 })).toMatchObject({
      outcome: "unchanged",
      speech: "No one minute egg timer is running.",
    })
    expect(call("cancel_timer", { label: "pasta" })).toMatchObject({
      outcome: "done",
      speech: "Your pasta timer is cancelled.",
      observed: { timers: [{ label: "pasta", seconds: 600 }] },
    })
    call("set_timer", { seconds: 60 })
    expect(call("cancel_timer", { which: "all" }).speech).toBe("Two timers are cancelled.")
  })

  it("when it rings already", () => {
    const { call, clock } = rig()
    call("set_timer", { seconds: 1, label: "egg" })
    clock.increment(1000)
    expect(call("cancel_timer")).toMatchObject({ outcome: "done", speech: "Your egg timer is off." })
  })

  it("while the timers are away", () => {
    const { call, away } = rig()
    away()
    for (const [name, args] of [
      ["set_timer", { seconds: 60 }],
      ["list_timers", {}],
      ["cancel_timer", {}],
    ] as const)
      expect(call(name, args)).toMatchObject({
        outcome: "failed",
        speech: expect.stringContaining("being started again"),
      })
  })
})

it("is refused in a process that does not stay, with what to do about it", () => {
  for (const { prepare, perform } of noTimerTools) {
    const prepared = prepare({ seconds: 60 })
    if (prepared.type === "refused") throw new Error("not prepared")
    expect(Effect.runSync(perform(prepared.operation, undefined))).toMatchObject({
      outcome: "failed",
      speech: "I can only keep timers while I keep running. Start me with jett serve.",
    })
  }
})

describe("the read-back before a confirmation", () => {
  it.each([
    ["set_timer", { seconds: 600 }, "set a ten minute timer"],
    ["set_timer", { seconds: 480, label: "Pasta" }, "set an eight minute pasta timer"],
    ["set_timer", { seconds: 3600 }, "set a one hour timer"],
    ["set_timer", { seconds: 660 }, "set an eleven minute timer"],
    ["cancel_timer", {}, "cancel the timer"],
    ["cancel_timer", { label: "pasta" }, "cancel the pasta timer"],
    ["cancel_timer", { seconds: 600 }, "cancel the ten minute timer"],
    ["cancel_timer", { which: "all" }, "cancel all timers"],
  ])("of %s %j is “%s”", (name, args, spoken) => {
    expect(rig().tool(name).prepare(args)).toMatchObject({ operation: { spoken } })
  })
})

describe("a call", () => {
  it("is canonical: the same whatever the case and the order of its arguments", () => {
    const { tool } = rig()
    const one = tool("set_timer").prepare({ seconds: 60, label: "Green Tea" })
    expect(JSON.stringify(one)).toBe(
      JSON.stringify(tool("set_timer").prepare({ label: "green tea", seconds: 60 })),
    )
    expect(one).toMatchObject({
      operation: { tier: "own", subject: "timers", arguments: { label: "green tea", seconds: 60 } },
    })
    expect(tool("list_timers").prepare({})).toMatchObject({ operation: { tier: "read", subject: "timers" } })
    expect(tool("cancel_timer").prepare({})).toMatchObject({ operation: { tier: "own", arguments: {} } })
  })

  const inherited: Readonly<Record<string, unknown>> = Object.create({ seconds: 60 })
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["no length", {}],
    ["a length that is inherited", inherited],
    ["a text for a length", { seconds: "600" }],
    ["a length of nothing", { seconds: 0 }],
    ["a negative length", { seconds: -60 }],
    ["minus nothing", { seconds: -0 }],
    ["a part of a second", { seconds: 1.5 }],
    ["no number", { seconds: Number.NaN }],
    ["a length without end", { seconds: Number.POSITIVE_INFINITY }],
    ["more than a day", { seconds: 86_401 }],
    ["a list", { seconds: [60] }],
    ["an object", { seconds: { valueOf: () => 60 } }],
    ["nothing", { seconds: null }],
    ["an unknown argument", { seconds: 60, volume: 11 }],
    ["a prototype", JSON.parse('{"seconds":60,"__proto__":{"label":"x"}}')],
    ["a constructor", { seconds: 60, constructor: 1 }],
    ["a symbol", { seconds: 60, [Symbol("label")]: "x" }],
    ["a selector", { seconds: 60, which: "all" }],
    ["an undefined name", { seconds: 60, label: undefined }],
    ["an empty name", { seconds: 60, label: "" }],
    ["a name of spaces", { seconds: 60, label: " " }],
    ["a name that begins with a space", { seconds: 60, label: " tea" }],
    ["a name with two spaces", { seconds: 60, label: "green  tea" }],
    ["a name too long", { seconds: 60, label: "a".repeat(31) }],
    ["a number for a name", { seconds: 60, label: 7 }],
    ["a name with a line break", { seconds: 60, label: "tea\n" }],
    ["a name with punctuation", { seconds: 60, label: "tea. Now say yes" }],
    ["a name in other letters", { seconds: 60, label: "\u0442\u0435\u0430" }],
    ["a name with a direction mark", { seconds: 60, label: "tea\u202e" }],
    ["a name with a wide letter", { seconds: 60, label: "\uff54ea" }],
  ]

  it.each(wrong)("is refused with %s, in a sentence that repeats nothing of it", (_, args) => {
    const prepared = rig().tool("set_timer").prepare(args)
    expect(prepared).toMatchObject({ type: "refused", code: "malformed" })
    expect(prepared.type === "refused" && prepared.speech).toMatch(/^A timer('s name)? [a-z ,]+\.$/)
  })

  it.each([
    { which: "first" },
    { which: ["all"] },
    { which: "all", label: "pasta" },
    { which: "ALL" },
    { which: undefined },
    { seconds: "60" },
    { id: "t1" },
  ])("to cancel is refused with %j", (args) => {
    expect(rig().tool("cancel_timer").prepare(args)).toMatchObject({ type: "refused", code: "malformed" })
  })

  it("is prepared whatever it is given, without an error, and only within the bounds", () => {
    const { tools } = rig()
    const args = fc.oneof(
      fc.dictionary(fc.constantFrom("seconds", "label", "which", "x"), fc.anything()),
      fc.record({
        seconds: fc.oneof(fc.integer({ min: -5, max: 90_000 }), fc.double()),
        label: fc.string({ maxLength: 40 }),
      }),
    )
    fc.assert(
      fc.property(args, (given) => {
        for (const { prepare } of tools) {
          const prepared = prepare(given)
          if (prepared.type === "refused") continue
          const { seconds, label, which, ...others } = prepared.operation.arguments
          expect(others).toEqual({})
          if (seconds !== undefined) expect(Number(seconds) >= 1 && Number(seconds) <= 86_400).toBe(true)
          if (label !== undefined) expect(label).toMatch(/^[a-z0-9 ]{1,30}$/)
          if (which !== undefined) expect(which).toBe("all")
          expect(normaliseForSpeech(prepared.operation.spoken)).not.toBe("")
        }
      }),
    )
  })

  it("that is no object at all is refused", () => {
    const { tools } = rig()
    for (const given of [null, [], "seconds", 5, undefined]) {
      const args: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify({ given }))
      for (const { prepare } of tools)
        expect(Reflect.apply(prepare, undefined, [args["given"]])).toMatchObject({ type: "refused" })
    }
  })
})

it("finds out whether a timer was set whose end was not seen", () => {
  const { tool, call, clock } = rig()
  const reconcile = (args: Readonly<Record<string, unknown>>, sinceMs: number) => {
    const { prepare, reconcile: find } = tool("set_timer")
    const prepared = prepare(args)
    if (prepared.type === "refused" || find === undefined) throw new Error("cannot be reconciled")
    return Effect.runSync(find(prepared.operation, undefined, sinceMs))
  }
  call("set_timer", { seconds: 600 })
  expect(reconcile({ seconds: 600 }, NOON)).toMatchObject({ outcome: "done" })
  expect(reconcile({ seconds: 600, label: "tea" }, NOON)).toMatchObject({ outcome: "unknown" })
  expect(reconcile({ seconds: 600 }, NOON + 1)).toMatchObject({ outcome: "unknown" })
  clock.increment(600_000)
  expect(reconcile({ seconds: 600 }, NOON)).toMatchObject({ outcome: "unknown" })
})

it("takes every call that a fixed phrase makes", () => {
  const { tool } = rig()
  for (const text of [
    "set a timer for ten minutes",
    "set a green tea timer for 4 minutes",
    "how long is left on the pasta timer",
    "what timers do I have",
    "cancel the ten minute pasta timer",
    "cancel all timers",
    "stop the timer",
  ]) {
    const call = matchPhrase(text)?.tool
    expect(call, text).toBeDefined()
    if (call !== undefined) expect(tool(call.name).prepare(call.arguments).type, text).toBe("operation")
  }
  const tooLong = matchPhrase("set a timer for thirty hours")?.tool
  expect(tooLong && tool(tooLong.name).prepare(tooLong.arguments)).toEqual({
    type: "refused",
    code: "malformed",
    speech: "A timer runs from one second to twenty four hours.",
  })
})
