import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { expect, it } from "vitest"
import { referTo } from "../../../src/actors/supervision/child-reference.ts"
import { standingSupervisor } from "../../../src/actors/supervision/standing-supervisor.ts"
import { subtree } from "../../../src/actors/supervision/supervised-tree.ts"
import { nursery, simulatedClock } from "../../support/nursery.ts"

it("leads to whichever life of a supervisor is up; while none is, a child is away and needs no stop", () =>
  Effect.gen(function* () {
    const { child, count, log } = nursery()
    const clock = simulatedClock()
    const reference = referTo(
      subtree({ id: "servers", clock, children: [{ child: child("server"), start: "on-demand" }] }),
    )
    const servers = standingSupervisor(reference)
    const isAway = Effect.gen(function* () {
      expect(servers.children()).toEqual([])
      expect(yield* Effect.flip(servers.handle("server", 10))).toMatchObject({
        _tag: "Unavailable",
        child: "server",
        message: '"server" is away: so is its supervisor.',
      })
      yield* servers.stopChild("server")
    })
    yield* isAway
    for (let life = 1; life <= 2; life++) {
      const scope = Scope.makeUnsafe()
      yield* Scope.provide(reference.child.start(), scope)
      expect(servers.children()).toMatchObject([{ id: "server", phase: "idle" }])
      yield* servers.handle("server", 10)
      expect(count("server")).toBe(2 * life - 1)
      yield* servers.stopChild("server")
      expect(log.at(-1)).toBe("close server")
      yield* servers.handle("server", 10)
      yield* Scope.close(scope, Exit.void)
      expect(log.at(-1)).toBe("close server")
      yield* isAway
    }
    expect(count("server")).toBe(4)
  }).pipe(Effect.runPromise))
