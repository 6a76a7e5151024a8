import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { type FileBackendOptions, fileBackend } from "../../src/audio/file.ts"
import { FRAME_SAMPLES } from "../../src/audio/format.ts"
import { PlaybackQueue } from "../../src/audio/playback.ts"
import { encodeWav } from "../../src/audio/wav-writer.ts"

describe("fileBackend", () => {
  let folder = ""
  let inputPath = ""
  const spoken = Int16Array.from({ length: 16_000 }, (_, i) => 1 + (i % 999))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jett-file-"))
    inputPath = join(folder, "input.wav")
    await writeFile(inputPath, encodeWav(spoken, { rateHz: 16_000, channels: 1 }))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const open = (options: Partial<FileBackendOptions>) => {
    const clock = new AudioClock()
    return Effect.map(
      fileBackend({ input: inputPath, pace: "clock", clock, tailLimitMs: 0, ...options }),
      (backend) => ({
        backend,
        clock: options.clock ?? clock,
      }),
    )
  }

  it("gives the file as whole frames, then silence up to the limit, and moves the clock with them", async () => {
    const [frames, endMs] = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { backend, clock } = yield* open({ tailLimitMs: 320 })
          const input = yield* backend.openInput({})
          const frames = yield* Stream.runCollect(
            Stream.tap(input.frames, (frame) =>
              Effect.sync(() => expect(clock.nowSample()).toBe(frame.startSample + FRAME_SAMPLES)),
            ),
          )
          yield* backend.inputEnded
          return [frames, clock.now()] as const
        }),
      ),
    )
    expect(frames).toHaveLength(Math.ceil(16_000 / 512) + 10)
    expect(endMs).toBe(frames.length * 32)
    expect(frames.every(({ gap, samples }) => !gap && samples.length === 512)).toBe(true)
    const heard = frames.flatMap(({ samples }) => [...samples])
    expect(heard.slice(0, 16_000)).toEqual([...spoken])
    expect(heard.slice(16_000).every((sample) => sample === 0)).toBe(true)
  })

  it("goes on after the end of the file until it is told to stop", async () => {
    const count = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { backend } = yield* open({ tailLimitMs: 60_000 })
          const input = yield* backend.openInput({})
          let count = 0
          yield* Stream.runForEach(input.frames, () =>
            Effect.sync(() => {
              count += 1
              if (count === 100) backend.stop()
            }),
          )
          return count
        }),
      ),
    )
    expect(count).toBe(100)
  })

  it("lets no time pass while an inference is pending, however long it takes", async () => {
    const clock = new AudioClock()
    let pending: Promise<void> = Promise.resolve()
    const fired: number[] = []
    const startedAt: number[] = []
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { backend } = yield* open({ clock, quiescent: () => pending })
          const input = yield* backend.openInput({})
          clock.setTimeout(() => fired.push(clock.now()), 500)
          yield* Stream.runForEach(input.frames, (frame) =>
            Effect.sync(() => {
              if (frame.startSample % (512 * 10) !== 0) return
              startedAt.push(clock.now())
              pending = new Promise((resolve) =>
                setTimeout(() => {
                  startedAt.push(clock.now())
                  resolve()
                }, 15),
              )
            }),
          )
        }),
      ),
    )
    expect(fired).toEqual([500])
    expect(startedAt).toEqual([32, 32, 352, 352, 672, 672, 992, 992])
  })

  it("records what was played on the timeline of what was heard", async () => {
    const conversationPath = join(folder, "conversation.wav")
    const outputPath = join(folder, "output.wav")
    const firstAudibleMs: number[] = []
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { backend, clock } = yield* open({
            conversationPath,
            outputPath,
            recordRateHz: 16_000,
            tailLimitMs: 500,
          })
          const input = yield* backend.openInput({})
          const output = yield* backend.openOutput({ rateHz: 16_000 })
          const queue = yield* PlaybackQueue.open({
            clock,
            output,
            onEvent: (event) => {
              if (event.type === "first-audible") firstAudibleMs.push(event.atMs + event.latencyMs)
            },
          })
          clock.setTimeout(() => queue.enqueue("reply", new Int16Array(16_000).fill(9000)), 400)
          clock.setTimeout(() => Effect.runFork(queue.flush), 700)
          yield* Stream.runDrain(input.frames)
        }),
      ),
    )
    const stereo = await readFile(conversationPath)
    const frames = (stereo.length - 44) / 4
    const left = Array.from({ length: frames }, (_, i) => stereo.readInt16LE(44 + 4 * i))
    const right = Array.from({ length: frames }, (_, i) => stereo.readInt16LE(46 + 4 * i))
    expect(left.slice(0, 16_000)).toEqual([...spoken])
    const begin = right.indexOf(9000)
    expect(begin / 16).toBe(firstAudibleMs[0])
    expect(begin / 16).toBeGreaterThanOrEqual(400)
    expect(begin / 16).toBeLessThanOrEqual(440)
    // The flush at 700 ms drops what would have been heard after it.
    expect(right.lastIndexOf(9000)).toBe(700 * 16 - 1)
    const mono = await readFile(outputPath)
    expect(mono.readInt16LE(44 + 2 * begin)).toBe(9000)
  })

  it("keeps the pace of a microphone in real time", async () => {
    const monotonic = new AudioClock()
    const starts = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { backend } = yield* open({ pace: "realtime", monotonic })
          const input = yield* backend.openInput({})
          const seen: number[] = []
          const reading = yield* Effect.forkChild(
            Stream.runForEach(Stream.take(input.frames, 5), () =>
              Effect.sync(() => {
                seen.push(monotonic.now())
              }),
            ),
          )
          for (let ms = 0; ms <= 400; ms += 4) {
            monotonic.advanceTo(ms * 16)
            yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
          }
          yield* Fiber.join(reading)
          return seen
        }),
      ),
    )
    const gaps = starts.slice(1).map((ms, i) => ms - (starts[i] ?? 0))
    expect(gaps.every((gap) => gap >= 24 && gap <= 40)).toBe(true)
  })

  it("names what is wrong with the input when it is opened", async () => {
    const failure = await Effect.runPromise(
      Effect.flip(
        Effect.scoped(
          Effect.flatMap(open({ input: join(folder, "missing.wav") }), ({ backend }) =>
            backend.openInput({}),
          ),
        ),
      ),
    )
    expect(failure._tag).toBe("AudioFailure")
    expect(failure.message).toMatch(/missing\.wav.*ENOENT/)
  })
})
