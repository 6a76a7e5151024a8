import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { resourceChild } from "../../../src/actors/supervision/resource-child.ts"
import { makeSupervisor } from "../../../src/actors/supervision/supervisor.ts"
import { countedResource, simulatedClock, tick } from "../../support/nursery.ts"

class Trouble extends Data.TaggedError("Trouble")<{ readonly message: string }> {}

describe("a resource of this process as a child", () => {
  it("is released before it is acquired anew, and when its supervisor stops", () =>
    Effect.gen(function* () {
      const log: string[] = []
      const crash = yield* Deferred.make<never, Trouble>()
      const a = countedResource(log, "a", (value) => (value === 1 ? Deferred.await(crash) : Effect.never))
      const supervisor = yield* makeSupervisor({
        id: "top",
        clock: simulatedClock(),
        children: [{ child: a }],
      })
      yield* supervisor.started
      yield* Deferred.fail(crash, new Trouble({ message: "the cable is out" }))
      yield* tick
      expect((yield* supervisor.handle("a", 1000)).value).toBe(2)
      expect(supervisor.children()).toMatchObject([{ restarts: 1, lastExit: { error: "the cable is out" } }])
      yield* supervisor.stopAll
      expect(log).toEqual(["open a", "close a", "open a", "close a"])
    }).pipe(Effect.scoped, Effect.runPromise))

  it.each([
    ["normal", Effect.void],
    ["crashed", Effect.die(new Error("bug"))],
    ["crashed", Effect.fail(new Trouble({ message: "no" }))],
  ])("ends as %s when its work does", (type, work) =>
    Effect.gen(function* () {
      const child = countedResource([], "a", () => work)
      const supervisor = yield* makeSupervisor({
        id: "top",
        clock: simulatedClock(),
        children: [{ child, restart: "temporary" }],
      })
      yield* tick
      expect(supervisor.children()).toMatchObject([{ phase: "ended", lastExit: { type } }])
    }).pipe(Effect.scoped, Effect.runPromise),
  )

  it("says which resource could not be had, and why", () =>
    Effect.gen(function* () {
      const child = resourceChild({
        id: "mic",
        acquire: Effect.fail(new Trouble({ message: "no such device" })),
      })
      expect(yield* Effect.flip(child.start())).toMatchObject({
        _tag: "StartError",
        child: "mic",
        message: '"mic" did not start: no such device',
      })
    }).pipe(Effect.scoped, Effect.runPromise))
})
