import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { QueuePlayer } from "../../../src/actors/voice/player.ts"
import { AudioError } from "../../../src/audio/audio-error.ts"
import { PlaybackQueue } from "../../../src/audio/playback.ts"
import type { AudioOutput } from "../../../src/ports/audio.ts"

/** A device that takes its time to be emptied, and plays nothing meanwhile. */
const make = (flush: AudioOutput["flush"] = () => Effect.as(Effect.sleep(5), { droppedSamples: 0 })) => {
  const written: number[] = []
  const output: AudioOutput = {
    rateHz: 1000,
    write: (samples) => Effect.sync(() => written.push(...samples.filter((sample) => sample !== 0))),
    flush,
    latencyMs: () => 0,
  }
  const failures: string[] = []
  const queue = new PlaybackQueue({ output, clock: new SimulatedClock(), onEvent: () => {} })
  return { player: new QueuePlayer(queue, (message) => failures.push(message)), queue, written, failures }
}
const clip = (value: number) => new Int16Array(10).fill(value)
const pass = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms))

it("hands a clip over at once while nothing is under way", () => {
  const { player, written } = make()
  player.enqueue("a", clip(1))
  expect(written).toEqual(Array(10).fill(1))
})

it("keeps a clip that follows a flush until the flush is done, and then plays it", async () => {
  const { player, written } = make()
  player.enqueue("a", clip(1))
  const played = player.flush()
  player.enqueue("b", clip(2))
  expect(played.get("a")).toBe(10)
  expect(written).not.toContain(2)
  await pass()
  expect(written.filter((sample) => sample === 2)).toHaveLength(10)
})

it("keeps the order of pauses and resumptions, however quickly they come", async () => {
  const { player, queue } = make()
  player.pause()
  player.resume()
  await pass()
  expect(queue.paused).toBe(false)
  player.resume()
  player.pause()
  await pass()
  expect(queue.paused).toBe(true)
})

it("tells of a speaker that does not obey, and takes the next command all the same", async () => {
  const { player, failures, written } = make(() => Effect.fail(new AudioError({ message: "unplugged" })))
  player.flush()
  player.enqueue("a", clip(3))
  await pass()
  expect(failures).toHaveLength(1)
  expect(written).toEqual(Array(10).fill(3))
})
