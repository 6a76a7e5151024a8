import { describe, expect, test } from "vitest"
import { SimulatedClock } from "xstate"
import type { MemorySource, SourceListener } from "../../../src/models/gpu/memory-source.ts"
import { SupervisedReadings } from "../../../src/models/gpu/supervised-readings.ts"

/** A source whose every opening the test plays itself. */
class PlayedSource implements MemorySource {
  readonly opened: SourceListener[] = []
  asked = 0
  closed = 0
  readonly id: MemorySource["id"]

  constructor(id: MemorySource["id"]) {
    this.id = id
  }

  open(listener: SourceListener) {
    this.opened.push(listener)
    return {
      ask: () => {
        this.asked++
      },
      close: () => {
        this.closed++
      },
    }
  }

  get last(): SourceListener {
    const listener = this.opened.at(-1)
    if (listener === undefined) throw new Error(`${this.id} was never opened`)
    return listener
  }
}

const reading = (usedMib: number) => ({ totalMib: 8192, usedMib, atMs: 0 })

const rig = () => {
  const clock = new SimulatedClock()
  const first = new PlayedSource("nvml")
  const second = new PlayedSource("nvidia-smi")
  const supervised = new SupervisedReadings({
    sources: [first, second],
    clock,
    intervalMs: 500,
    silentMs: 3000,
    startMs: 10_000,
    goneMs: 5000,
  })
  const heard: number[] = []
  supervised.onReading(({ usedMib }) => heard.push(usedMib))
  return { clock, first, second, supervised, heard }
}

describe("SupervisedReadings", () => {
  test("asks the first source, and passes its readings on", () => {
    const { clock, first, second, supervised, heard } = rig()
    expect(supervised.state).toEqual({ type: "opening" })
    first.last.reading(reading(1))
    clock.increment(500)
    clock.increment(500)
    first.last.reading(reading(2))
    expect(heard).toEqual([1, 2])
    expect(first.asked).toBe(3)
    expect(supervised.state).toEqual({ type: "reading", source: "nvml" })
    expect(second.opened).toHaveLength(0)
  })

  test("goes on after a listener that throws", () => {
    const { clock, first, supervised, heard } = rig()
    const stop = supervised.onState(() => {
      throw new Error("a listener's own fault")
    })
    expect(() => first.last.reading(reading(1))).toThrow("a listener's own fault")
    stop()
    first.last.reading(reading(2))
    clock.increment(500)
    expect(heard).toEqual([2])
    expect(first.asked).toBe(2)
  })

  test("does nothing more once a listener has closed it", () => {
    const { first, second, supervised, heard } = rig()
    supervised.onState(() => supervised.close())
    first.last.reading(reading(1))
    expect(heard).toEqual([])
    expect(first.closed).toBe(1)
    first.last.gone({ reason: "no library", isFinal: true })
    expect(second.opened).toHaveLength(0)
  })

  test("starts a source that died again, twice, then takes the next", () => {
    const { clock, first, second, supervised } = rig()
    const starts: number[] = []
    for (let death = 0; death < 3; death++) {
      first.last.gone({ reason: "crashed", isFinal: false })
      clock.increment(99)
      starts.push(first.opened.length)
      clock.increment(901)
      starts.push(first.opened.length)
    }
    expect(starts).toEqual([1, 2, 2, 3, 3, 3])
    expect(second.opened).toHaveLength(1)
    second.last.reading(reading(1))
    expect(supervised.state).toEqual({ type: "reading", source: "nvidia-smi" })
  })

  test("takes the next at once where to try again is of no use, and never comes back to it", () => {
    const { clock, first, second, supervised } = rig()
    first.last.gone({ reason: "no library", isFinal: true })
    second.last.gone({ reason: "no such program", isFinal: true })
    expect(supervised.state).toEqual({ type: "none", reason: "no library; no such program" })
    clock.increment(600_000)
    expect([first.opened.length, second.opened.length]).toEqual([1, 1])
  })

  test("says none after repeated failure, and tries again after a minute", () => {
    const { clock, first, second, supervised } = rig()
    for (const source of [first, second]) {
      for (let death = 0; death < 3; death++) {
        source.last.gone({ reason: `${source.id} crashed`, isFinal: false })
        clock.increment(1000)
      }
    }
    expect(supervised.state).toEqual({ type: "none", reason: "nvml crashed; nvidia-smi crashed" })
    expect(first.opened).toHaveLength(3)
    clock.increment(60_000)
    expect(first.opened).toHaveLength(4)
    first.last.reading(reading(5))
    expect(supervised.state).toEqual({ type: "reading", source: "nvml" })
  })

  test("replaces a source that hangs, sooner when it has spoken before, and no longer hears it", () => {
    const { clock, first, heard } = rig()
    clock.increment(9_500)
    expect(first.closed).toBe(0)
    first.last.reading(reading(1))
    for (let round = 0; round < 7; round++) clock.increment(500)
    expect(first.closed).toBe(1)
    first.last.reading(reading(66))
    first.last.gone({ reason: "killed", isFinal: false })
    clock.increment(100)
    expect(first.opened).toHaveLength(2)
    expect(heard).toEqual([1])
  })

  test("says none when the last reading is five seconds old, whatever is being tried, and takes it back", () => {
    const { clock, first, supervised } = rig()
    const states: string[] = []
    supervised.onState(() => states.push(supervised.state.type))
    first.last.reading(reading(1))
    for (let ms = 0; ms < 4900; ms += 100) clock.increment(100)
    expect(states).toEqual(["reading"])
    for (let ms = 0; ms < 100; ms += 100) clock.increment(100)
    expect(states).toEqual(["reading", "none"])
    expect(supervised.state).toEqual({ type: "none", reason: "nvml gave no reading for 3000 ms" })
    first.last.reading(reading(2))
    expect(supervised.state).toEqual({ type: "reading", source: "nvml" })
  })

  test("says nothing of a source that is back in time", () => {
    const { clock, first, supervised } = rig()
    const states: string[] = []
    supervised.onState(() => states.push(supervised.state.type))
    for (let round = 0; round < 3; round++) {
      first.last.reading(reading(round))
      for (let ms = 0; ms < 4500; ms += 100) clock.increment(100)
    }
    first.last.reading(reading(3))
    expect(states).toEqual(["reading"])
  })

  test("says none when nothing has answered for ten seconds, and reads one that answers later", () => {
    const { clock, first, second, supervised, heard } = rig()
    for (let ms = 0; ms < 9900; ms += 100) clock.increment(100)
    expect(supervised.state.type).toBe("opening")
    clock.increment(100)
    expect(supervised.state).toEqual({ type: "none", reason: "the driver gives no reading" })
    first.last.reading(reading(1))
    expect(supervised.state).toEqual({ type: "reading", source: "nvml" })
    expect([heard, second.opened.length]).toEqual([[1], 0])
  })

  test("forgives the failures of a source that has lived for ten seconds", () => {
    const { clock, first, second } = rig()
    for (let death = 0; death < 6; death++) {
      for (let round = 0; round < 21; round++) {
        first.last.reading(reading(death))
        clock.increment(500)
      }
      first.last.reading(reading(death))
      first.last.gone({ reason: "crashed", isFinal: false })
      clock.increment(100)
    }
    expect(first.opened).toHaveLength(7)
    expect(second.opened).toHaveLength(0)
  })

  test("starts nothing once it is closed", () => {
    const { clock, first, second, supervised } = rig()
    supervised.close()
    expect(first.closed).toBe(1)
    first.last.gone({ reason: "killed", isFinal: false })
    clock.increment(100_000)
    expect([first.opened.length, second.opened.length]).toEqual([1, 0])
  })

  test("survives a source that fails while it opens", () => {
    const failing: MemorySource = {
      id: "nvml",
      open: (listener) => {
        listener.gone({ reason: "at once", isFinal: true })
        return { ask: () => undefined, close: () => undefined }
      },
    }
    const supervised = new SupervisedReadings({
      sources: [failing],
      clock: new SimulatedClock(),
      intervalMs: 500,
      silentMs: 3000,
      startMs: 10_000,
      goneMs: 5000,
    })
    expect(supervised.state).toEqual({ type: "none", reason: "at once" })
  })
})
