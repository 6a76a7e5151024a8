import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import type { HostHandle } from "../../../src/actors/hosts/host-handle.ts"
import { transcribeValues } from "../../../src/actors/models/engine-values.ts"
import { anything, failed, fakeHost, GONE, opened, rig } from "../../support/model-actor-rig.ts"
import { tick } from "../../support/nursery.ts"

describe("a model actor", () => {
  it("opens the files of all the installed models that it is made of", () =>
    Effect.gen(function* () {
      const host = fakeHost(1)
      const { model } = rig([host], { installedIds: ["wake", "vad"] })
      yield* model.preload
      expect(host.log).toEqual(["load wake.onnx,vad.onnx"])
    }).pipe(Effect.runPromise))

  it("fails as unavailable while no host is to be had, gives the lease back, and tries again when asked", () =>
    Effect.gen(function* () {
      const hosts: { handle: HostHandle }[] = []
      const { model, leases, options } = rig(hosts)
      expect(yield* Effect.flip(model.infer("a"))).toMatchObject({ reason: "unavailable" })
      expect(leases).toEqual({ taken: 1, open: 0 })
      const host = fakeHost(1)
      options.supervisor.handle = () => Effect.succeed(host.handle)
      expect((yield* model.infer("b")).value).toBe("b")
    }).pipe(Effect.runPromise))

  it.each([
    ["died", "died", true],
    ["hung", "hung", true],
    ["not-loaded", "died", true],
    ["deadline", "deadline", false],
    ["inference-failed", "failed", false],
  ] as const)("after '%s' an inference fails with '%s'; retried: %s", (code, reason, retried) =>
    Effect.gen(function* () {
      let attempts = 0
      const host = fakeHost(1, {
        infer: () =>
          Effect.suspend(() => {
            attempts++
            return failed(code)
          }),
      })
      const { model } = rig([host])
      expect(yield* Effect.flip(model.inferRetrying("a"))).toMatchObject({ reason })
      expect(attempts).toBe(retried ? 2 : 1)
      expect(model.state()).toBe("ready")
    }).pipe(Effect.runPromise),
  )

  it("passes on what its engine says about itself", () =>
    Effect.gen(function* () {
      const notice = "m runs on the processor, not on the GPU."
      const { options } = rig([fakeHost(1, { load: () => Effect.succeed({ loadMs: 1, notice }) })])
      const notices: string[] = []
      const model = opened({ ...options, values: anything, onNotice: (message) => notices.push(message) })
      yield* model.preload
      expect(notices).toEqual([notice])
    }).pipe(Effect.runPromise))

  it("is busy until every inference has ended, an interrupted one too", () =>
    Effect.gen(function* () {
      const { model } = rig([fakeHost(1, { infer: () => Effect.never })])
      const fibers = [yield* Effect.forkChild(model.infer(1)), yield* Effect.forkChild(model.infer(2))]
      yield* tick
      yield* tick
      expect(model.state()).toBe("busy")
      yield* Effect.forEach(fibers, Fiber.interrupt)
      expect(model.state()).toBe("ready")
    }).pipe(Effect.runPromise))

  it("streams chunks in order, then the result, and passes a failure on", () =>
    Effect.gen(function* () {
      const writing = fakeHost(1, {
        infer: ({ onChunk }) =>
          Effect.sync(() => {
            for (let index = 0; index < 5000; index++) onChunk?.(index)
            return { value: "end", inferenceMs: 3 }
          }),
      })
      const events = yield* Stream.runCollect(rig([writing]).model.inferStream("a"))
      expect(events).toHaveLength(5001)
      expect(events[4999]).toEqual({ type: "chunk", value: 4999 })
      expect(events.at(-1)).toEqual({ type: "done", value: "end", inferenceMs: 3 })
      const failing = rig([fakeHost(1, { infer: () => failed("inference-failed") })]).model.inferStream("a")
      expect(yield* Effect.flip(Stream.runCollect(failing))).toMatchObject({ reason: "failed" })
    }).pipe(Effect.runPromise))

  it("streams once more on a fresh host if the first was lost before a chunk, and not after one", () =>
    Effect.gen(function* () {
      const loses = (pid: number, chunks: number) => {
        const host: ReturnType<typeof fakeHost> = fakeHost(pid, {
          infer: ({ onChunk }) =>
            Effect.suspend(() => {
              host.log.push("infer")
              for (let index = 0; index < chunks; index++) onChunk?.(index)
              host.die(GONE)
              return failed("died")
            }),
        })
        return host
      }
      const collected = yield* Stream.runCollect(rig([loses(1, 0), fakeHost(2)]).model.inferStream("a"))
      expect(collected).toEqual([{ type: "done", value: "a", inferenceMs: 2 }])

      const again = [loses(1, 0), loses(2, 0), fakeHost(3)]
      expect(yield* Effect.flip(Stream.runCollect(rig(again).model.inferStream("a")))).toMatchObject({
        reason: "died",
      })
      expect(again.map(({ log }) => log.includes("infer"))).toEqual([true, true, false])

      const late = [loses(1, 1), fakeHost(2)]
      const seen: unknown[] = []
      const stream = Stream.tap(rig(late).model.inferStream("a"), (event) =>
        Effect.sync(() => seen.push(event)),
      )
      expect(yield* Effect.flip(Stream.runCollect(stream))).toMatchObject({ reason: "died" })
      expect(seen).toEqual([{ type: "chunk", value: 0 }])
    }).pipe(Effect.runPromise))

  it("refuses a result of the wrong shape", () =>
    Effect.gen(function* () {
      const { options } = rig([
        fakeHost(1, { infer: () => Effect.succeed({ value: { text: 1 }, inferenceMs: 1 }) }),
      ])
      const model = opened({ ...options, values: transcribeValues })
      const failure = yield* Effect.flip(model.infer({ samples: new Int16Array(1600) }))
      expect(failure).toMatchObject({ reason: "failed", message: expect.stringContaining("piper") })
    }).pipe(Effect.runPromise))
})
