import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import type { HostHandle } from "../../../src/actors/hosts/host-handle.ts"
import { makeModelActor } from "../../../src/actors/models/model-actor.ts"
import { makeResidency } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import type { LedgerReport, LedgerSettings } from "../../../src/machines/residency/residency-types.ts"
import type { ExitReason } from "../../../src/ports/child.ts"
import type { Placement, Tenant, Variant } from "../../../src/ports/residency.ts"
import { tick } from "../../support/nursery.ts"

const onGpu: Variant = { footprintKey: "m@gpu", placement: "gpu", declaredMib: 1080, reloadMs: 500 }
const onCpu: Variant = { ...onGpu, footprintKey: "m@cpu", placement: "cpu", declaredMib: 160 }

/** A host without a process, whose engine says that it is at `placement`. */
const hostAt = (placement: Placement | undefined, asked: unknown[]) => {
  const exited = Deferred.makeUnsafe<ExitReason>()
  let alive = true
  const die = (): void => {
    alive = false
    Deferred.doneUnsafe(exited, Effect.succeed({ type: "killed", signal: "SIGKILL" }))
  }
  const handle: HostHandle = {
    id: "h",
    pid: 1,
    exited: Deferred.await(exited),
    isAlive: () => alive,
    stop: () => Effect.void,
    kill: die,
    load: ({ options }) =>
      Effect.sync(() => {
        asked.push(options.parameters?.["executionProvider"])
        return { loadMs: 1, placement }
      }),
    infer: ({ input }) => Effect.succeed({ value: input, inferenceMs: 1 }),
    unload: () => Effect.void,
    ping: Effect.succeed(0),
    output: () => "",
  }
  return { handle, die }
}

/** A model whose best place is the GPU, with the real ledger; what it asked its hosts for, in turn. */
const withModel = (placements: readonly (Placement | undefined)[], settings: Partial<LedgerSettings> = {}) =>
  Effect.gen(function* () {
    const asked: unknown[] = []
    const reports: LedgerReport[] = []
    const hosts = placements.map((placement) => hostAt(placement, asked))
    const ledger = yield* makeResidency({
      clock: monotonicClock,
      readings: { source: "none", take: Effect.succeed(undefined), watch: Stream.empty },
      settings,
      onReport: (report) => reports.push(report),
    })
    let tenant: Tenant | undefined
    const model = yield* makeModelActor({
      spec: {
        modelId: "m",
        engine: "piper",
        hostId: "h",
        threads: 1,
        loadTimeoutMs: 1000,
        inferDeadlineMs: 1000,
      },
      memory: { modelClass: "stt", pinned: false, variants: [onGpu, onCpu] },
      values: {
        isChunk: (value): value is unknown => value !== undefined,
        isOutput: (value): value is unknown => value !== undefined,
      },
      supervisor: {
        handle: () =>
          Effect.sync(
            () =>
              hosts.find(({ handle }) => handle.isAlive())?.handle ?? expect.fail("there is no host left"),
          ),
      },
      residency: {
        ...ledger,
        register: (registered) => {
          tenant = registered
          return ledger.register(registered)
        },
      },
      store: { installed: (id) => Effect.succeed({ id, engine: "piper", files: {}, sha256: {} }) },
      clock: monotonicClock,
    })
    const rows = () => ledger.snapshot().rows.map(({ variant, state }) => `${variant} ${state}`)
    const variants = () => tenant?.variants.map(({ footprintKey }) => footprintKey)
    return { model, hosts, asked, reports, rows, variants, pools: () => ledger.snapshot().pools }
  })

const run = <A>(program: Effect.Effect<A, unknown, Scope.Scope>) =>
  program.pipe(Effect.scoped, Effect.runPromise)

describe("a model that falls back to the processor", () => {
  it("is counted there, and never asks for the GPU again", () =>
    run(
      Effect.gen(function* () {
        const { model, hosts, asked, reports, rows, variants, pools } = yield* withModel(["cpu", "cpu"])
        yield* model.preload
        expect(rows()).toEqual(["m@cpu loaded"])
        expect([pools().gpu.committedMib, pools().cpu.committedMib]).toEqual([0, 160])
        expect(variants()).toEqual(["m@cpu"])
        hosts[0]?.die()
        yield* tick
        yield* model.infer("a")
        yield* model.unload
        expect(rows()).toEqual([])
        yield* model.preload
        expect(rows()).toEqual(["m@cpu loaded"])
        expect(asked).toEqual(["cuda", undefined, undefined])
        expect(reports.map(({ type }) => type)).toEqual(["fell-back"])
      }),
    ))

  it("is counted there if only the host that replaces a lost one cannot use the GPU", () =>
    run(
      Effect.gen(function* () {
        const { model, hosts, asked, rows, pools } = yield* withModel(["gpu", "cpu"])
        yield* model.preload
        expect(rows()).toEqual(["m@gpu loaded"])
        hosts[0]?.die()
        yield* tick
        yield* model.infer("a")
        expect(rows()).toEqual(["m@cpu loaded"])
        expect([pools().gpu.committedMib, pools().cpu.committedMib]).toEqual([0, 160])
        expect(asked).toEqual(["cuda", "cuda"])
      }),
    ))

  it("is unloaded and refused with a sentence where there is no RAM for it", () =>
    run(
      Effect.gen(function* () {
        const { model, rows, pools } = yield* withModel(["cpu"], { ramMib: 100 })
        const failure = yield* Effect.flip(model.preload)
        expect(failure).toMatchObject({
          reason: "refused",
          message: "There is not enough memory in this computer for speech recognition.",
        })
        expect(rows()).toEqual([])
        expect([pools().gpu.committedMib, pools().cpu.committedMib]).toEqual([0, 0])
      }),
    ))

  it.each(["gpu", undefined] as const)("has not done so where its engine says %s", (placement) =>
    run(
      Effect.gen(function* () {
        const { model, rows, variants } = yield* withModel([placement])
        yield* model.preload
        expect(rows()).toEqual(["m@gpu loaded"])
        expect(variants()).toEqual(["m@gpu", "m@cpu"])
      }),
    ),
  )
})
