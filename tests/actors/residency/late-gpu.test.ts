import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { expect, it } from "vitest"
import { tellLateGpu } from "../../../src/actors/residency/late-gpu.ts"

const reading = { totalMib: 8192, usedMib: 660, atMs: 0 }

it("tells of a GPU that answers late, once", () =>
  Effect.gen(function* () {
    const told: string[] = []
    const watch = Stream.make(undefined, reading, undefined, reading, reading)
    yield* tellLateGpu({ watch }, (message) => told.push(message))
    expect(told).toEqual([expect.stringContaining("restart Jett")])
  }).pipe(Effect.runPromise))

it("tells nothing where there are no readings", () =>
  Effect.gen(function* () {
    const told: string[] = []
    yield* tellLateGpu({ watch: Stream.make(undefined) }, (message) => told.push(message))
    expect(told).toEqual([])
  }).pipe(Effect.runPromise))
