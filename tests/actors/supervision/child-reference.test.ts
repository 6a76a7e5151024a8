import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { referTo } from "../../../src/actors/supervision/child-reference.ts"
import { subtree } from "../../../src/actors/supervision/supervised-tree.ts"
import { makeSupervisor, type SupervisedHandle } from "../../../src/actors/supervision/supervisor.ts"
import { countedResource, simulatedClock, tick } from "../../support/nursery.ts"

const escalating = { pastIntensity: "escalate", intensity: 5, backoffMs: 0 } as const

describe("a reference to a child", () => {
  it("leads to the life that is up, and says that there is none", () =>
    Effect.gen(function* () {
      const stop = yield* Deferred.make<void>()
      const ledger = referTo(
        countedResource([], "ledger", (value) => (value === 1 ? Deferred.await(stop) : Effect.never)),
      )
      expect(yield* Effect.flip(ledger.current)).toMatchObject({ _tag: "Unavailable", child: "ledger" })
      const supervisor = yield* makeSupervisor({
        id: "top",
        clock: simulatedClock(),
        children: [{ child: ledger.child }],
      })
      yield* supervisor.started
      expect((yield* ledger.current).value).toBe(1)
      yield* Deferred.succeed(stop, undefined)
      yield* tick
      expect((yield* ledger.current).value).toBe(2)
      yield* supervisor.stopAll
      expect((yield* Effect.flip(ledger.current)).message).toBe('"ledger" is away.')
    }).pipe(Effect.scoped, Effect.runPromise))

  it("reaches across the tree of the design: a dead ledger restarts the hosts and nothing else", () =>
    Effect.gen(function* () {
      const log: string[] = []
      const clock = simulatedClock()
      const crash = yield* Deferred.make<void>()
      const one = (id: string) => ({ child: countedResource(log, id) })
      const ledger = referTo(
        countedResource(log, "ledger", (value) => (value === 1 ? Deferred.await(crash) : Effect.never)),
      )
      const hosts = subtree({ id: "hosts", clock, children: [one("listener"), one("stt")] })
      const branch = { ...escalating, clock, strategy: "rest_for_one" } as const
      const actions = subtree({ ...branch, id: "actions", children: [one("audit"), one("guard")] })
      const models = subtree<SupervisedHandle>({
        ...branch,
        id: "models",
        children: [{ child: ledger.child }, { child: hosts }],
      })
      const voice = subtree({ ...branch, id: "voice", children: [one("audio"), one("conversation")] })
      const root = yield* makeSupervisor<SupervisedHandle>({
        ...escalating,
        id: "root",
        clock,
        children: [actions, models, voice].map((child) => ({ child, shutdown: "infinity" as const })),
      })
      yield* root.started
      log.splice(0)
      yield* Deferred.succeed(crash, undefined)
      yield* tick
      expect((yield* ledger.current).value).toBe(2)
      expect(log).toEqual([
        "close ledger",
        "close stt",
        "close listener",
        "open ledger",
        "open listener",
        "open stt",
      ])
      expect(root.children()).toMatchObject([{ restarts: 0 }, { restarts: 0 }, { restarts: 0 }])
    }).pipe(Effect.scoped, Effect.runPromise))
})
