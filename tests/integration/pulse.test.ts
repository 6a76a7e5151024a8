import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { openDevices } from "../../src/actors/voice/open-devices.ts"
import { availableBackends } from "../../src/audio/backends.ts"
import { isAllZero, measureLevel } from "../../src/audio/level.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { type PlaybackEvent, PlaybackQueue } from "../../src/audio/playback.ts"
import { pulseBackend } from "../../src/audio/pulse.ts"
import { tone } from "../../src/audio/tone.ts"
import type { AudioInput, HearingFrame, InputHealth } from "../../src/ports/audio.ts"
import { childPids } from "../support/processes.ts"
import { PulseRig } from "../support/pulse.ts"
import { describeWith } from "../support/require-component.ts"

/** Sound in real time: on a machine that is busy enough the sound server itself drops out. */
const REAL_TIME = { retry: 2 }

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Children of this process by command. */
const childrenNamed = (pattern: RegExp): readonly number[] =>
  childPids().filter((pid) =>
    pattern.test(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")),
  )
const OURS = /client-name=jett|pactl subscribe/

describeWith("pulse", "pulseBackend", () => {
  let rig: PulseRig
  let scope: Scope.Closeable
  const backend = pulseBackend()

  beforeAll(async () => {
    rig = await PulseRig.start()
  })
  afterAll(() => rig.stop())
  beforeEach(async () => {
    scope = await Effect.runPromise(Scope.make())
  })
  afterEach(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    expect(childrenNamed(OURS)).toEqual([])
  })

  const within = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
    Effect.runPromise(Effect.provideService(effect, Scope.Scope, scope))

  const collect = (input: AudioInput) => {
    const frames: HearingFrame[] = []
    const health: InputHealth[] = []
    Effect.runFork(Stream.runForEach(input.frames, (frame) => Effect.sync(() => frames.push(frame))))
    Effect.runFork(Stream.runForEach(input.health, (event) => Effect.sync(() => health.push(event))))
    return { frames, health }
  }

  const until = async (condition: () => boolean, what: string, limitMs = 8000) => {
    const deadline = performance.now() + limitMs
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms in vain for: ${what}`)
      await wait(20)
    }
  }

  it("lists the microphone and the loudspeaker by their stable names", async () => {
    const devices = await Effect.runPromise(backend.devices)
    expect(devices).toContainEqual(
      expect.objectContaining({ name: rig.speaker, direction: "output", isDefault: true }),
    )
    expect(devices).toContainEqual(
      expect.objectContaining({ name: rig.microphone, direction: "input", isDefault: true }),
    )
    expect((await availableBackends())[0]?.id).toBe("pulse")
  })

  it("hears a tone at its frequency, without a gap", REAL_TIME, async () => {
    const { frames, health } = collect(await within(backend.openInput({ device: rig.microphone })))
    const { samples } = tone({ frequencyHz: 440, durationMs: 2000, levelDbfs: -10, rateHz: 48_000 })
    await rig.playIntoMicrophone(samples, 48_000)
    await wait(300)
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 512))
    expect(frames.flatMap(({ gap, startSample }) => (gap ? [startSample / 16] : []))).toEqual([])
    expect(health).toEqual([{ type: "open", device: rig.microphone }])
    const heard = frames.flatMap((frame) => [...frame.samples])
    const loud = heard.flatMap((sample, i) => (Math.abs(sample) > 1000 ? [i] : []))
    const from = (loud[0] ?? 0) + 1600
    const to = (loud.at(-1) ?? 0) - 1600
    expect((to - from) / 16).toBeGreaterThan(1700)
    let rising = 0
    for (let i = from + 1; i < to; i++) if ((heard[i - 1] ?? 0) < 0 && (heard[i] ?? 0) >= 0) rising += 1
    expect((rising * 16_000) / (to - from)).toBeCloseTo(440, -1)
    // No dropped samples: the tone's phase is the same at the end as at the beginning.
    const quiet = frames
      .slice(Math.ceil(from / 512), Math.floor(to / 512))
      .filter(({ samples }) => isAllZero(samples))
    expect(quiet).toEqual([])
  })

  it("plays a clip whole, and says to within 40 ms when it is heard", REAL_TIME, async () => {
    const tap = rig.tap()
    const events: PlaybackEvent[] = []
    const output = await within(backend.openOutput({ device: rig.speaker, rateHz: 22_050 }))
    const queue = await within(
      PlaybackQueue.open({ output, clock: monotonicClock, onEvent: (event) => events.push(event) }),
    )
    await wait(500)
    const { samples } = tone({ frequencyHz: 440, durationMs: 1000, levelDbfs: -10, rateHz: 22_050 })
    const enqueuedMs = performance.now()
    queue.enqueue("tone", samples)
    await until(() => events.some(({ type }) => type === "drained"), "the end of the tone")
    await wait(200)
    const heard = tap.loudBetween(300)
    await tap.stop()
    const first = events.find((event) => event.type === "first-audible")
    const predictedMs = first?.type === "first-audible" ? first.atMs + first.latencyMs : 0
    console.log(
      `enqueue → heard ${((heard?.firstMs ?? 0) - enqueuedMs).toFixed(0)} ms, predicted ${(predictedMs - enqueuedMs).toFixed(0)} ms`,
    )
    expect(Math.abs((heard?.firstMs ?? 0) - predictedMs)).toBeLessThan(40)
    expect((heard?.firstMs ?? 0) - enqueuedMs).toBeLessThan(150)
    const loud = [...tap.samples].flatMap((sample, i) => (Math.abs(sample) > 300 ? [i] : []))
    expect(((loud.at(-1) ?? 0) - (loud[0] ?? 0)) / 16).toBeCloseTo(990, -1.5)
    const longestHole = Math.max(...loud.slice(1).map((at, i) => at - (loud[i] ?? 0)))
    expect(longestHole / 16).toBeLessThan(3)
  })

  it("is silent within 150 ms of a pause, goes on after it, and loses nothing", REAL_TIME, async () => {
    const tap = rig.tap()
    const events: PlaybackEvent[] = []
    const output = await within(backend.openOutput({ device: rig.speaker, rateHz: 16_000 }))
    const queue = await within(
      PlaybackQueue.open({ output, clock: monotonicClock, onEvent: (event) => events.push(event) }),
    )
    const { samples } = tone({ frequencyHz: 440, durationMs: 3000, levelDbfs: -10, rateHz: 16_000 })
    queue.enqueue("tone", samples)
    const silencedAfter: number[] = []
    for (let round = 0; round < 3; round++) {
      await wait(600)
      const pausedMs = performance.now()
      await Effect.runPromise(queue.pause)
      await wait(400)
      silencedAfter.push((tap.loudBetween()?.lastMs ?? Number.NaN) - pausedMs)
      queue.resume()
    }
    await until(() => events.some(({ type }) => type === "drained"), "the end of the tone")
    await wait(200)
    await tap.stop()
    console.log(`pause → silence: ${silencedAfter.map((ms) => ms.toFixed(0)).join(", ")} ms`)
    expect(Math.max(...silencedAfter)).toBeLessThan(150)
    const loudMs = [...tap.samples].filter((sample) => Math.abs(sample) > 30).length / 16
    expect(Math.abs(loudMs - 2980)).toBeLessThan(120)
  })

  it("says how much of each clip was heard when it is flushed", REAL_TIME, async () => {
    const tap = rig.tap()
    const output = await within(backend.openOutput({ device: rig.speaker, rateHz: 22_050 }))
    const queue = await within(
      PlaybackQueue.open({ output, clock: monotonicClock, onEvent: () => undefined }),
    )
    queue.enqueue(
      "tone",
      tone({ frequencyHz: 440, durationMs: 2000, levelDbfs: -10, rateHz: 22_050 }).samples,
    )
    await wait(900)
    const [played] = await Effect.runPromise(queue.flush)
    await wait(300)
    const heard = tap.loudBetween()
    await tap.stop()
    const heardMs = (heard?.lastMs ?? 0) - (heard?.firstMs ?? 0)
    console.log(
      `played ${played?.playedMs.toFixed(0)} ms by our count, ${heardMs.toFixed(0)} ms on the speaker`,
    )
    expect(Math.abs((played?.playedMs ?? 0) - heardMs)).toBeLessThan(60)
  })

  it("fills the hole that a killed parec leaves, and recovers", async () => {
    const { frames, health } = collect(await within(backend.openInput({ device: rig.microphone })))
    await until(() => frames.length > 10, "the first frames")
    const startedMs = performance.now()
    const before = frames.length
    const [parec] = childrenNamed(/parec.*client-name=jett/)
    expect(parec).toBeDefined()
    if (parec !== undefined) process.kill(parec, "SIGKILL")
    await until(() => health.some(({ type }) => type === "recovered"), "the recovery")
    console.log(`parec killed → heard again after ${(performance.now() - startedMs).toFixed(0)} ms`)
    await wait(200)
    expect(health.map(({ type }) => type)).toEqual(["open", "vanished", "recovered"])
    expect(frames.some(({ gap }) => gap)).toBe(true)
    const elapsedMs = performance.now() - startedMs
    expect(Math.abs((frames.length - before) * 32 - elapsedMs)).toBeLessThan(200)
    expect(frames.at(-1)?.gap).toBe(false)
  })

  it("reports a mute that the sound server knows of, and its end", async () => {
    const { health } = collect(await within(backend.openInput({ device: rig.microphone })))
    await wait(300)
    await rig.pactl("set-source-mute", rig.microphone, "1")
    await until(() => health.some(({ type }) => type === "muted"), "the mute")
    await rig.pactl("set-source-mute", rig.microphone, "0")
    await until(() => health.at(-1)?.type === "recovered", "the end of the mute")
  })

  it("finds a microphone again that was unplugged and plugged in", async () => {
    const load = () =>
      rig.pactl("load-module", "module-null-sink", "sink_name=usb", "rate=16000", "channels=1")
    const module = (await load()).trim()
    const { frames, health } = collect(await within(backend.openInput({ device: "usb.monitor" })))
    await until(() => frames.length > 10, "the first frames")
    await rig.pactl("unload-module", module)
    await until(() => health.some(({ type }) => type === "vanished"), "the loss")
    await until(() => health.at(-1)?.type === "open", "another microphone")
    await wait(300)
    const again = (await load()).trim()
    await until(() => health.filter(({ type }) => type === "open").length === 3, "the recovery")
    expect(health).toEqual([
      { type: "open", device: "usb.monitor" },
      expect.objectContaining({ type: "vanished", reason: expect.stringContaining("usb.monitor is away") }),
      { type: "open", device: expect.not.stringContaining("usb") },
      { type: "open", device: "usb.monitor" },
    ])
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 512))
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rig.pactl("unload-module", again)
  })

  it("goes over from silence to a microphone that is plugged in after the start", async () => {
    const wanted = {
      input: { device: "late.monitor" },
      output: { device: rig.speaker, rateHz: 16_000 },
    }
    const devices = await within(openDevices(backend, wanted))
    expect(devices.missing).toEqual([
      { part: "mic", message: expect.stringContaining('Found no microphone "late.monitor"') },
    ])
    const { frames, health } = collect(devices.input)
    await until(() => frames.length > 10, "silence in its place")
    const module = (
      await rig.pactl("load-module", "module-null-sink", "sink_name=late", "rate=16000", "channels=1")
    ).trim()
    await until(() => health.length === 2, "the microphone", 10_000)
    expect(health).toEqual([{ type: "recovered" }, { type: "open", device: "late.monitor" }])
    const before = frames.length
    await until(() => frames.length > before + 10, "its frames")
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 512))
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await rig.pactl("unload-module", module)
  })

  it("opens a loudspeaker that loses its pacat again", async () => {
    const output = await within(backend.openOutput({ device: rig.speaker, rateHz: 16_000 }))
    const events: PlaybackEvent[] = []
    const queue = await within(
      PlaybackQueue.open({ output, clock: monotonicClock, onEvent: (event) => events.push(event) }),
    )
    for (const pid of childrenNamed(/pacat.*client-name=jett/)) process.kill(pid, "SIGKILL")
    await until(() => events.some(({ type }) => type === "failed"), "the failure")
    await wait(1500)
    const tap = rig.tap()
    queue.enqueue("tone", tone({ frequencyHz: 440, durationMs: 500, levelDbfs: -10, rateHz: 16_000 }).samples)
    await wait(1200)
    expect(tap.loudBetween()).toBeDefined()
    await tap.stop()
  })

  it("names the devices there are when one is asked for that is not there", async () => {
    const error = await Effect.runPromise(
      Effect.flip(Effect.scoped(backend.openInput({ device: "alsa_input.gone" }))),
    )
    expect(error.message).toContain('Found no microphone "alsa_input.gone"; there are: mic.monitor')
    const output = await Effect.runPromise(
      Effect.flip(Effect.scoped(backend.openOutput({ device: "gone", rateHz: 16_000 }))),
    )
    expect(output.message).toContain("speaker")
  })
})

describeWith("pulse", "the sound server's echo canceller", () => {
  it("takes our own voice out of the microphone, in a room that echoes", REAL_TIME, async () => {
    const rig = await PulseRig.start({ echo: true, echoCancel: true })
    try {
      const [before, after] = [rig.tap("mic.monitor"), rig.tap(rig.microphone)]
      await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const backend = pulseBackend()
            const output = yield* backend.openOutput({ device: rig.speaker, rateHz: 16_000 })
            const queue = yield* PlaybackQueue.open({
              output,
              clock: monotonicClock,
              onEvent: () => undefined,
            })
            queue.enqueue("noise", noise(5000))
            yield* Effect.promise(() => wait(5000))
          }),
        ),
      )
      await Promise.all([before.stop(), after.stop()])
      const levels = [before, after].map(
        ({ samples }) => measureLevel(samples.subarray(-24_000, -8000)).rmsDbfs,
      )
      console.log(`echo ${levels[0]?.toFixed(1)} dBFS, cancelled ${levels[1]?.toFixed(1)} dBFS`)
      expect(levels[0]).toBeGreaterThan(-40)
      expect((levels[0] ?? 0) - (levels[1] ?? 0)).toBeGreaterThan(15)
    } finally {
      await rig.stop()
    }
  })
})

/** Noise whose loudness changes like speech's, from a fixed seed: Int16, mono, 16 kHz. */
const noise = (ms: number): Int16Array => {
  let seed = 1
  return Int16Array.from({ length: ms * 16 }, (_, i) => {
    seed = (seed * 48_271) % 2_147_483_647
    return (seed / 2_147_483_647 - 0.5) * 12_000 * (0.6 + 0.4 * Math.sin(i / 1500))
  })
}
