import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { openAssistantTree } from "../../src/actors/assistant-tree.ts"
import { supervisionNotices } from "../../src/actors/supervision/supervision-notices.ts"
import type { ExitReason } from "../../src/ports/child.ts"
import { nursery, simulatedClock, tick } from "../support/nursery.ts"

/** The design's tree over children that the test ends. */
const plant = (isLive = true) =>
  Effect.gen(function* () {
    const clock = simulatedClock()
    const children = nursery()
    const notices: string[] = []
    const root = yield* openAssistantTree({
      actions: [children.child("audit"), children.child("guard")],
      models: children.child("models"),
      audio: children.child("audio"),
      conversation: children.child("conversation"),
      isLive,
      clock,
      onReport: supervisionNotices({ onNotice: (message) => notices.push(message), clock }),
    })
    /** Ends a child's life, and lets what is due by then happen. */
    const kill = (id: string, reason: ExitReason = { type: "crashed", error: "on purpose" }) =>
      Effect.gen(function* () {
        children.lives.findLast(({ child }) => child === id)?.die(reason)
        yield* tick
        clock.increment(5000)
        yield* tick
      })
    const counts = () =>
      Object.fromEntries(["audit", "models", "audio", "conversation"].map((id) => [id, children.count(id)]))
    return { ...children, clock, root, kill, counts, notices }
  })

describe("the assistant's tree", () => {
  it("starts actions, models, audio and conversation, and stops them the other way round", () =>
    Effect.gen(function* () {
      const { log } = yield* Effect.scoped(Effect.tap(plant(), ({ root }) => root.started))
      const opened = ["audit", "guard", "models", "audio", "conversation"]
      expect(log.filter((line) => line.startsWith("open"))).toEqual(opened.map((id) => `open ${id}`))
      expect(log.filter((line) => line.startsWith("close"))).toEqual(
        opened.toReversed().map((id) => `close ${id}`),
      )
    }).pipe(Effect.runPromise))

  it("starts the conversation alone anew, but with the devices everything that uses them", () =>
    Effect.gen(function* () {
      const { root, kill, counts, notices } = yield* plant()
      yield* root.started
      yield* kill("conversation")
      expect(counts()).toEqual({ audit: 1, models: 1, audio: 1, conversation: 2 })
      yield* kill("audio")
      expect(counts()).toEqual({ audit: 1, models: 1, audio: 2, conversation: 3 })
      expect(notices).toEqual([
        "The voice was started anew: on purpose.",
        "The sound devices were opened anew: on purpose.",
      ])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("goes on without actions when the audit log does not open", () =>
    Effect.gen(function* () {
      const clock = simulatedClock()
      const { child, fail, count } = nursery()
      fail("audit", 1000)
      const root = yield* openAssistantTree({
        actions: [child("audit"), child("guard")],
        models: child("models"),
        audio: child("audio"),
        conversation: child("conversation"),
        isLive: true,
        clock,
      })
      const started = yield* Effect.forkChild(root.started)
      for (let second = 0; second < 30; second++) {
        yield* tick
        clock.increment(1000)
      }
      yield* Fiber.join(started)
      expect([count("guard"), count("models"), count("conversation")]).toEqual([0, 1, 1])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("gives up when the voice always fails, with one line about it on the way", () =>
    Effect.gen(function* () {
      const { root, kill, count, notices, counts } = yield* plant()
      yield* root.started
      const gaveUp = yield* Effect.forkChild(Effect.flip(root.fatal))
      let crashes = 0
      for (; gaveUp.pollUnsafe() === undefined && crashes < 100; crashes++) yield* kill("conversation")
      expect(yield* Fiber.join(gaveUp)).toMatchObject({ supervisor: "root" })
      expect(crashes).toBeGreaterThan(10)
      expect(count("conversation")).toBe(crashes)
      expect(counts()).toMatchObject({ audit: 1, models: 1 })
      expect(notices).toEqual(["The voice was started anew: on purpose."])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("brings nobody back over a file that has ended", () =>
    Effect.gen(function* () {
      const { root, kill, counts } = yield* plant(false)
      yield* root.started
      yield* kill("conversation", { type: "normal" })
      yield* kill("audio")
      expect(counts()).toEqual({ audit: 1, models: 1, audio: 1, conversation: 1 })
    }).pipe(Effect.scoped, Effect.runPromise))
})

describe("what the user is told of supervision", () => {
  it("is one line about one who is given up, again only after ten minutes", () => {
    const clock = simulatedClock()
    const notices: string[] = []
    const report = supervisionNotices({ onNotice: (message) => notices.push(message), clock })
    const giveUp = (child: string) =>
      report({
        supervisor: "hosts",
        child,
        context: "breaker-open",
        reason: { type: "killed", signal: "SIGKILL" },
        attempt: 5,
        atMs: clock.now(),
      })
    for (let times = 0; times < 10; times++) {
      giveUp("tts")
      clock.increment(30_000)
    }
    giveUp("stt")
    expect(notices).toEqual([
      '"tts" ended again and again: killed by SIGKILL. It rests for a while, and is started when it is needed; see: jett ps.',
      '"stt" ended again and again: killed by SIGKILL. It rests for a while, and is started when it is needed; see: jett ps.',
    ])
    clock.increment(600_000)
    giveUp("tts")
    expect(notices).toHaveLength(3)
  })

  it("is nothing about a host that dies and comes back, nor about an end that was asked for", () => {
    const notices: string[] = []
    const report = supervisionNotices({
      onNotice: (message) => notices.push(message),
      clock: simulatedClock(),
    })
    const line = { context: "child-terminated", attempt: 0, atMs: 0 } as const
    report({ ...line, supervisor: "hosts", child: "stt", reason: { type: "killed", signal: "SIGKILL" } })
    report({ ...line, supervisor: "voice", child: "conversation", reason: { type: "shutdown" } })
    report({ ...line, supervisor: "voice", child: "conversation", reason: { type: "normal" } })
    expect(notices).toEqual([])
  })
})
