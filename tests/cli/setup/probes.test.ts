import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import { measureLevel } from "../../../src/audio/level.ts"
import { judgeEcho, probeEcho, testSound } from "../../../src/cli/setup/probe-echo.ts"
import { levelAdvice, probeLevel } from "../../../src/cli/setup/probe-level.ts"
import { probeWake, proposeThreshold } from "../../../src/cli/setup/probe-wake.ts"
import type { Listener } from "../../../src/ports/speech.ts"
import { fakeBackend } from "../../support/fake-audio.ts"

const noise = (length: number, amplitude: number) =>
  Int16Array.from({ length }, (_, index) => (((index * 7_919) % 2_001) / 1_000 - 1) * amplitude)

test("the level is that of the time asked for, from the device asked for", async () => {
  const { backend, opened } = fakeBackend({ heard: noise(16_000, 8_000) })
  const level = await probeLevel(backend, "mic", 1_000)
  expect(level.peakDbfs).toBeCloseTo(-12.2, 0)
  expect(level.allZero).toBe(false)
  expect(opened).toEqual([{ direction: "input", device: "mic" }])
})

test("a device that cannot be opened is a failure with its message", async () => {
  const { backend } = fakeBackend()
  const broken = {
    ...backend,
    openInput: () => Effect.fail({ _tag: "AudioFailure", message: "busy" } as const),
  }
  await expect(probeLevel(broken, undefined, 100)).rejects.toMatchObject({ message: "busy" })
})

test.each([
  ["digital silence", new Int16Array(100), "digital silence"],
  ["clipping", noise(1_000, 8_000).map((sample, index) => (index % 20 === 0 ? 32_767 : sample)), "it clips"],
  ["a whisper", noise(1_000, 100), "very quiet"],
  ["speech", noise(1_000, 8_000), undefined],
])("%s is told apart", (_what, samples, problem) => {
  const allZero = samples.every((sample) => sample === 0)
  expect(levelAdvice({ ...measureLevel(samples), allZero })?.problem).toBe(problem)
})

function heardDuringSound(amplitude: number): Int16Array {
  const heard = noise(16_000 * 2.3, 30)
  const sound = noise(16_000 * 1.6, amplitude)
  for (const [index, sample] of sound.entries()) heard[index + 11_200] = (heard[index + 11_200] ?? 0) + sample
  return heard
}

test("an echo is half-duplex, no echo is cancelled, and silence is no echo", () => {
  expect(judgeEcho(heardDuringSound(2_000)).mode).toBe("half-duplex")
  expect(judgeEcho(heardDuringSound(10)).mode).toBe("cancelled")
  expect(judgeEcho(new Int16Array(16_000 * 2.3)).mode).toBe("cancelled")
})

test("in a loud room nothing is concluded from an echo that is not heard", () => {
  expect(judgeEcho(noise(16_000 * 2.3, 3_000)).mode).toBe("too-loud")
})

test("the first part of the sound does not count: a canceller needs time to adapt", () => {
  const heard = noise(16_000 * 2.3, 30)
  heard.set(noise(8_000, 2_000), 11_200)
  expect(judgeEcho(heard).mode).toBe("cancelled")
})

test("the test sound is audible, never clips and lasts as long as asked", () => {
  const sound = testSound(1_600)
  expect(sound).toHaveLength(25_600)
  const { peakDbfs, clipped } = measureLevel(sound)
  expect([Math.round(peakDbfs), clipped]).toEqual([-18, 0])
})

test("measuring the echo plays the whole sound and records meanwhile", { timeout: 10_000 }, async () => {
  const { backend, opened, written } = fakeBackend({ heard: heardDuringSound(2_000) })
  expect((await probeEcho(backend, "mic", "speaker")).mode).toBe("half-duplex")
  expect(written()).toBe(25_600)
  expect(opened).toEqual(
    expect.arrayContaining([
      { direction: "input", device: "mic" },
      { direction: "output", device: "speaker" },
    ]),
  )
})

/** A listener that gives these scores, one a call, then zeros. */
function scripted(scores: readonly number[]): { readonly listener: Listener; readonly calls: () => number } {
  let call = 0
  const listener: Listener = {
    listen: () =>
      Effect.sync(() => ({ voiceActivity: [0], wake: [{ score: scores[call++] ?? 0, frame: 0 }] })),
  }
  return { listener, calls: () => call }
}

test("a wake word gives its peak, and listening ends when it is over", async () => {
  const { backend } = fakeBackend()
  const { listener, calls } = scripted([0, 0.1, 0.6, 0.97, 0.5, 0.01, 0.99])
  expect(await probeWake(backend, undefined, listener, 6_000)).toBe(0.97)
  expect(calls()).toBe(6)
})

test("a wake word that is not said ends with the time, and the best score", async () => {
  const { backend } = fakeBackend()
  const { listener, calls } = scripted([0, 0.2])
  expect(await probeWake(backend, undefined, listener, 640)).toBe(0.2)
  expect(calls()).toBe(20)
})

test("a listener that dies rejects with its message", async () => {
  const { backend } = fakeBackend()
  const failure = { _tag: "ModelFailure", model: "wake", reason: "died", message: "the host died" } as const
  const listener: Listener = { listen: () => Effect.fail(failure) }
  await expect(probeWake(backend, undefined, listener, 640)).rejects.toMatchObject({
    message: "the host died",
  })
})

test.each([
  [[0.99, 0.98, 0.97, 0.99, 0.99], 5, 0.5],
  [[0.99, 0.5, 0.97, 0.1, 0.99], 4, 0.4],
  [[0.99, 0.25, 0.9, 0.9, 0.9], 5, 0.3],
  [[0.99, 0.9, 0.1, 0.1, 0.1], 2, undefined],
  [[], 0, undefined],
])("for the peaks %j, %i heard, the threshold proposed is %j", (peaks, heard, threshold) => {
  expect(proposeThreshold(peaks)).toEqual(threshold === undefined ? { heard } : { heard, threshold })
})
