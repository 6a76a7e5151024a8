import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { beforeAll, describe, expect, it } from "vitest"
import { spawnHost } from "../../src/actors/hosts/host-client.ts"
import type { HostHandle } from "../../src/actors/hosts/host-handle.ts"
import { type ModelActor, type ModelReport, makeModelActor } from "../../src/actors/models/model-actor.ts"
import type { ModelSpec } from "../../src/actors/models/model-effects.ts"
import { makeSupervisor, type Supervised, type Supervisor } from "../../src/actors/supervision/supervisor.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { DEFAULT_RESTART_POLICY } from "../../src/machines/supervision/restart-policy.ts"
import type { SupervisorReport } from "../../src/machines/supervision/supervision-types.ts"
import type { ModelStore } from "../../src/ports/models.ts"
import { nastyEngine, nastyValues, requireBuiltHost } from "../support/nasty-host.ts"
import { openResidency } from "../support/open-residency.ts"
import { eventually, isRunning } from "../support/processes.ts"

/** Supervisor, model actor and host together, with real processes that are really killed. */
beforeAll(requireBuiltHost)

type Nasty = ModelActor<Readonly<Record<string, unknown>>, unknown, unknown>

interface Rig {
  readonly supervisor: Supervisor<HostHandle>
  readonly model: (spec?: Partial<ModelSpec>) => Nasty
  readonly reports: SupervisorReport[]
  readonly states: ModelReport[]
}

const store: ModelStore = {
  installed: (id) => Effect.succeed({ id, engine: "piper", files: {}, sha256: {} }),
}

const withRig = <A>(
  use: (rig: Rig) => Effect.Effect<A, unknown, Scope.Scope>,
  spec: Partial<Omit<Supervised<HostHandle>, "child">> = {},
): Promise<A> =>
  Effect.gen(function* () {
    const reports: SupervisorReport[] = []
    const states: ModelReport[] = []
    const supervisor = yield* makeSupervisor({
      id: "hosts",
      clock: monotonicClock,
      children: ["one", "two"].map((id) => ({
        ...spec,
        child: spawnHost({ id, engineModule: nastyEngine }),
      })),
      onReport: (report) => reports.push(report),
    })
    const scope = yield* Effect.scope
    const model: Rig["model"] = (more = {}) =>
      Effect.runSync(
        Scope.provide(
          makeModelActor({
            memory: {
              modelClass: "stt",
              pinned: false,
              variants: [{ footprintKey: "nasty", placement: "cpu", declaredMib: 1, reloadMs: 1 }],
            },
            spec: {
              modelId: "nasty",
              engine: "piper",
              hostId: "one",
              threads: 1,
              loadTimeoutMs: 5000,
              inferDeadlineMs: 5000,
              ...more,
            },
            values: nastyValues,
            supervisor,
            residency: openResidency,
            store,
            clock: monotonicClock,
            onReport: (report) => states.push(report),
          }),
          scope,
        ),
      )
    return yield* use({ supervisor, model, reports, states })
  }).pipe(Effect.scoped, Effect.runPromise)

const phases = (supervisor: Supervisor<HostHandle>) => supervisor.children().map(({ phase }) => phase)

const kill = (pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void => {
  if (pid === undefined) throw new Error("the model is in no process")
  process.kill(pid, signal)
}

describe("a supervisor of real hosts", () => {
  it("starts them in order, replaces the one that is killed at once, and leaves the other alone", () =>
    withRig(({ supervisor, reports }) =>
      Effect.gen(function* () {
        const one = yield* supervisor.handle("one", 5000)
        const two = yield* supervisor.handle("two", 5000)
        expect(reports.map(({ child, context }) => `${child} ${context}`)).toEqual([
          "one started",
          "two started",
        ])
        kill(one.pid)
        yield* one.exited
        const again = yield* supervisor.handle("one", 5000)
        expect(again.pid).not.toBe(one.pid)
        expect(two.isAlive()).toBe(true)
        expect(supervisor.children().map(({ id, phase, restarts }) => [id, phase, restarts])).toEqual([
          ["one", "running", 1],
          ["two", "running", 0],
        ])
        yield* supervisor.stopAll
        expect([again.pid, two.pid].some(isRunning)).toBe(false)
        expect(reports.slice(-2).map(({ child, context }) => `${child} ${context}`)).toEqual([
          "two shutdown",
          "one shutdown",
        ])
      }),
    ))

  it("opens the breaker of a host that always dies, and tries again on a request after its time", () =>
    withRig(
      ({ supervisor, model }) =>
        Effect.gen(function* () {
          const always = model({ parameters: { dieOnLoad: true } })
          expect(yield* Effect.flip(always.preload)).toMatchObject({ _tag: "ModelFailure" })
          yield* Effect.promise(() =>
            eventually("the breaker opens", () => phases(supervisor)[0] === "broken"),
          )
          const refused = yield* Effect.flip(supervisor.handle("one", 1000))
          expect(refused.message).toContain("next attempt")
          const sound = model({ modelId: "sound", hostId: "two" })
          expect((yield* sound.infer({ op: "echo", value: 2 })).value).toBe(2)
          yield* Effect.sleep(600)
          expect((yield* supervisor.handle("one", 5000)).isAlive()).toBe(true)
        }),
      { policy: { ...DEFAULT_RESTART_POLICY, intensity: 2, backoffMs: 20, breakerMs: 500 } },
    ))
})

describe("a model in a real host", () => {
  it("loads on the first inference, streams, and unloads", () =>
    withRig(({ model, states }) =>
      Effect.gen(function* () {
        const nasty = model()
        expect(nasty.state()).toBe("unloaded")
        expect((yield* nasty.infer({ op: "echo", value: 1 })).value).toBe(1)
        const events = yield* Stream.runCollect(nasty.inferStream({ op: "stream", count: 2000 }))
        expect(events).toHaveLength(2001)
        expect(events.at(-1)).toMatchObject({ type: "done", value: { sent: 2000 } })
        yield* nasty.unload
        expect(states.map(({ state }) => state)).toEqual([
          "admitting",
          "loading",
          "ready",
          "unloading",
          "unloaded",
        ])
      }),
    ))

  it("fails an inference whose host is killed as retryable, and loads again by itself", () =>
    withRig(({ model }) =>
      Effect.gen(function* () {
        const nasty = model()
        yield* nasty.preload
        const before = nasty.pid()
        const inference = yield* Effect.forkChild(nasty.infer({ op: "wait", ms: 5000 }))
        yield* Effect.sleep(50)
        expect(nasty.state()).toBe("busy")
        kill(before)
        expect(yield* Effect.flip(Fiber.join(inference))).toMatchObject({ reason: "died" })
        yield* Effect.promise(() => eventually("it is ready again", () => nasty.state() === "ready"))
        expect(nasty.pid()).not.toBe(before)
      }),
    ))

  it.each(["SIGKILL", "SIGSTOP"] as const)(
    "finishes a retrying inference across a %s of its host",
    (signal) =>
      withRig(({ model }) =>
        Effect.gen(function* () {
          const nasty = model()
          yield* nasty.preload
          const inference = yield* Effect.forkChild(nasty.inferRetrying({ op: "block", ms: 300 }))
          yield* Effect.sleep(50)
          kill(nasty.pid(), signal)
          expect((yield* Fiber.join(inference)).value).toEqual({ blockedMs: 300 })
        }),
      ),
  )

  it("does not retry an inference that hangs, and is ready again after it", () =>
    withRig(({ model }) =>
      Effect.gen(function* () {
        const nasty = model({ inferDeadlineMs: 300 })
        expect(yield* Effect.flip(nasty.inferRetrying({ op: "hang" }))).toMatchObject({ reason: "deadline" })
        expect((yield* nasty.infer({ op: "echo", value: 3 })).value).toBe(3)
      }),
    ))

  it("finishes every one of 200 inferences while its host is killed again and again", () =>
    withRig(
      ({ model }) =>
        Effect.gen(function* () {
          const nasty = model()
          yield* nasty.preload
          let going = true
          const killer = Effect.gen(function* () {
            for (let count = 0; going; count++) {
              const pid = nasty.pid()
              if (pid !== undefined && nasty.state() !== "loading") kill(pid)
              yield* Effect.sleep(150 + ((count * 37) % 200))
            }
          })
          yield* Effect.forkScoped(killer)
          let lost = 0
          for (let count = 0; count < 200; count++) {
            const exit = yield* Effect.exit(nasty.inferRetrying({ op: "wait", ms: 5, count }))
            if (exit._tag === "Failure") lost++
          }
          going = false
          // Two kills in a row may take one inference and its retry; more would be a leak.
          expect(lost).toBeLessThan(20)
          expect((yield* nasty.infer({ op: "echo", value: "alive" })).value).toBe("alive")
        }),
      { policy: { ...DEFAULT_RESTART_POLICY, intensity: 1000, backoffMs: 1, maxBackoffMs: 5 } },
    ))

  it("is failed when its load is refused, and says so again without trying", () =>
    withRig(({ model }) =>
      Effect.gen(function* () {
        const refused = model({ parameters: { refuse: true } })
        expect(yield* Effect.flip(refused.preload)).toMatchObject({ reason: "load-failed" })
        expect(refused.state()).toBe("failed")
        expect(yield* Effect.flip(refused.infer({ op: "echo" }))).toMatchObject({ reason: "load-failed" })
      }),
    ))
})
