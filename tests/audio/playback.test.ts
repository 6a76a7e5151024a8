import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { OutputTimeline } from "../../src/audio/output-timeline.ts"
import { type PlaybackEvent, PlaybackQueue } from "../../src/audio/playback.ts"

const RATE_HZ = 1000
const LOUD = 10_000

interface RigOptions {
  /** What a device adds to what it holds: a sound card's buffer. */
  readonly deviceLatencyMs?: number
}

/** A queue on a simulated clock and a loudspeaker whose every sample is kept; a millisecond is a sample. */
const rig = ({ deviceLatencyMs = 0 }: RigOptions = {}) => {
  const clock = new AudioClock()
  const heard: number[] = []
  const events: PlaybackEvent[] = []
  const ahead: number[] = []
  const timeline = new OutputTimeline(
    RATE_HZ,
    () => clock.now(),
    (samples) => heard.push(...samples),
  )
  const queue = new PlaybackQueue({
    clock,
    onEvent: (event) => events.push(event),
    output: {
      rateHz: RATE_HZ,
      write: (samples) =>
        Effect.andThen(
          timeline.write(samples),
          Effect.sync(() => ahead.push(timeline.latencyMs())),
        ),
      flush: () => timeline.flush(),
      latencyMs: () => timeline.latencyMs() + deviceLatencyMs,
    },
  })
  const run = (ms: number) => {
    clock.advanceTo((clock.now() + ms) * 16)
    timeline.settle()
  }
  const clip = (ms: number, value = LOUD) => new Int16Array(ms).fill(value)
  const loudAt = () => heard.flatMap((sample, ms) => (sample === 0 ? [] : [ms]))
  return { clock, heard, events, ahead, queue, run, clip, loudAt }
}

describe("PlaybackQueue", () => {
  it("plays clips in order without a hole between them, whole, and says when each was heard", () => {
    const { queue, run, clip, heard, events } = rig()
    run(50)
    queue.enqueue("a", clip(300, 1000))
    queue.enqueue("b", clip(200, 2000))
    run(1000)
    const from = heard.indexOf(1000)
    expect(from).toBeLessThanOrEqual(90)
    expect(heard.slice(from, from + 500)).toEqual([...clip(300, 1000), ...clip(200, 2000)])
    expect(heard.slice(from + 500).every((sample) => sample === 0)).toBe(true)
    expect(events.map(({ type }) => type)).toEqual([
      "first-audible",
      "first-audible",
      "clip-finished",
      "clip-finished",
      "drained",
    ])
    const drained = events.at(-1)
    expect(drained?.type === "drained" && drained.atMs - (from + 500)).toBeLessThanOrEqual(20)
  })

  it("never runs more than 100 ms ahead, and keeps silence flowing when nothing is said", () => {
    const { queue, run, clip, ahead } = rig()
    run(500)
    expect(Math.max(...ahead)).toBe(40)
    expect(ahead.length).toBeGreaterThan(20)
    queue.enqueue("a", clip(2000))
    run(3000)
    expect(Math.max(...ahead)).toBe(100)
  })

  it("says when the first audible sample will be heard, to the millisecond", () => {
    const { queue, run, clip, events, heard } = rig()
    run(105)
    const samples = clip(200)
    samples.fill(50, 0, 30)
    queue.enqueue("a", samples)
    run(500)
    const [first] = events
    expect(first).toMatchObject({ type: "first-audible", clipId: "a", atMs: 105 })
    expect(first?.type === "first-audible" && first.atMs + first.latencyMs).toBe(heard.indexOf(LOUD))
  })

  it("is silent at once when paused and goes on with the very next sample", () => {
    const { queue, run, heard, events } = rig()
    const samples = Int16Array.from({ length: 600 }, (_, i) => i + 1000)
    queue.enqueue("a", samples)
    run(250)
    Effect.runSync(queue.pause)
    const heardBefore = heard.filter((sample) => sample !== 0).length
    run(400)
    expect(heard.filter((sample) => sample !== 0)).toHaveLength(heardBefore)
    expect(queue.paused).toBe(true)
    queue.resume()
    run(1000)
    expect(heard.filter((sample) => sample !== 0)).toEqual([...samples])
    expect(events.map(({ type }) => type)).toEqual(["first-audible", "clip-finished", "drained"])
  })

  it("drops everything on a flush and says what was heard of each clip", () => {
    const { queue, run, clip, loudAt, events } = rig()
    queue.enqueue("a", clip(300))
    queue.enqueue("b", clip(300))
    queue.enqueue("c", clip(300))
    run(400)
    expect(queue.played().map(({ playedMs }) => playedMs)).toEqual([300, 60, 0])
    const played = Effect.runSync(queue.flush)
    run(500)
    expect(played).toEqual([
      { clipId: "a", playedMs: 300, durationMs: 300 },
      { clipId: "b", playedMs: 60, durationMs: 300 },
      { clipId: "c", playedMs: 0, durationMs: 300 },
    ])
    expect(loudAt()).toHaveLength(360)
    expect(events.some(({ type }) => type === "drained")).toBe(false)
    expect(queue.played()).toEqual([])
  })

  it("counts what the sound card still holds as not heard", () => {
    const { queue, run, clip } = rig({ deviceLatencyMs: 70 })
    queue.enqueue("a", clip(600))
    run(300)
    expect(queue.played()[0]?.playedMs).toBe(300 - 40 - 70)
  })

  it("plays on after a flush, also when it was paused before", () => {
    const { queue, run, clip, loudAt } = rig()
    queue.enqueue("a", clip(300))
    run(100)
    Effect.runSync(queue.pause)
    Effect.runSync(queue.flush)
    run(300)
    queue.enqueue("b", clip(50))
    run(300)
    expect(loudAt()).toHaveLength(60 + 50)
    expect(loudAt().at(-1)).toBeLessThan(500)
  })

  it("applies a new volume within 100 ms, in the middle of a clip", () => {
    const { queue, run, clip, heard } = rig()
    queue.enqueue("a", clip(1000))
    run(300)
    queue.volume = 0.5
    run(1000)
    expect(heard[299]).toBe(LOUD)
    expect(heard[420]).toBe(LOUD / 2)
  })

  it("gives a device that started late no more silence until it has caught up", () => {
    const clock = new AudioClock()
    let startedAtMs = Number.POSITIVE_INFINITY
    let handed = 0
    const latencyMs = () => Math.max(0, handed - Math.max(0, clock.now() - startedAtMs))
    new PlaybackQueue({
      clock,
      onEvent: () => undefined,
      output: {
        rateHz: RATE_HZ,
        write: (samples) =>
          Effect.sync(() => {
            handed += samples.length
          }),
        flush: () => Effect.succeed({ droppedSamples: 0 }),
        latencyMs,
      },
    })
    clock.advanceTo(700 * 16)
    expect(latencyMs()).toBeLessThanOrEqual(120)
    startedAtMs = 700
    clock.advanceTo(2000 * 16)
    expect(latencyMs()).toBeLessThanOrEqual(80)
    expect(handed).toBeGreaterThan(1000)
  })

  it("reports a loudspeaker that fails, and goes on when it is back", () => {
    const clock = new AudioClock()
    const events: PlaybackEvent[] = []
    let away = true
    let written = 0
    const failure = { _tag: "AudioFailure" as const, message: "away" }
    const queue = new PlaybackQueue({
      clock,
      onEvent: (event) => events.push(event),
      output: {
        rateHz: RATE_HZ,
        write: (samples) =>
          Effect.suspend(() => {
            if (away) return Effect.fail(failure)
            written += samples.length
            return Effect.void
          }),
        flush: () => Effect.succeed({ droppedSamples: 0 }),
        latencyMs: () => 0,
      },
    })
    expect(events).toEqual([{ type: "failed", message: "away" }])
    away = false
    queue.enqueue("a", new Int16Array(100).fill(LOUD))
    clock.advanceTo(500 * 16)
    expect(written).toBeGreaterThan(100)
    expect(events.at(-1)?.type).toBe("drained")
  })

  it("loses and repeats nothing, however it is paused and resumed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.boolean()), { maxLength: 12 }),
        (lengths, moves) => {
          const { queue, run, heard } = rig()
          let next = 1
          const all: number[] = []
          for (const [i, length] of lengths.entries()) {
            const samples = Int16Array.from({ length }, () => 1000 + next++)
            all.push(...samples)
            queue.enqueue(String(i), samples)
          }
          for (const [ms, pause] of moves) {
            run(ms)
            if (pause) Effect.runSync(queue.pause)
            else queue.resume()
          }
          queue.resume()
          run(3000)
          expect(heard.filter((sample) => sample !== 0)).toEqual(all)
        },
      ),
    )
  })

  it("stops feeding its output when its scope closes", () => {
    const clock = new AudioClock()
    let writes = 0
    const output = {
      rateHz: RATE_HZ,
      write: () =>
        Effect.sync(() => {
          writes += 1
        }),
      flush: () => Effect.succeed({ droppedSamples: 0 }),
      latencyMs: () => 0,
    }
    Effect.runSync(Effect.scoped(PlaybackQueue.open({ clock, output, onEvent: () => undefined })))
    const before = writes
    clock.advanceTo(16_000)
    expect(before).toBeGreaterThan(0)
    expect(writes).toBe(before)
  })
})
