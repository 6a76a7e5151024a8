import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  judgeSources,
  NO_DRIVER,
  type SourceId,
  type SourcesCommand,
  type SourcesEvent,
  type SourcesState,
  sourcesDueAtMs,
  unopenedSources,
} from "../../../src/machines/readings/reading-sources.ts"

const LIMITS = { intervalMs: 500, silentMs: 3000, startMs: 10_000, goneMs: 5000 }
const BOTH: readonly SourceId[] = ["nvml", "nvidia-smi"]

type Happening = SourcesEvent extends infer E ? (E extends SourcesEvent ? Omit<E, "nowMs"> : never) : never

/** The decisions with a clock that moves only by `pass` and `untilDue`. */
class Sources {
  nowMs = 1000
  state: SourcesState
  readonly commands: SourcesCommand[] = []

  constructor(ids: readonly SourceId[] = BOTH) {
    this.state = unopenedSources(ids, LIMITS)
    this.tell({ type: "readings.wanted" })
  }

  tell(happening: Happening): void {
    const step = judgeSources(this.state, { ...happening, nowMs: this.nowMs })
    this.state = step.state
    this.commands.push(...step.commands)
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.tell({ type: "time.passed" })
  }

  /** To the next moment at which there is something to do; false where there is none. */
  untilDue(): boolean {
    const dueMs = sourcesDueAtMs(this.state)
    if (dueMs !== undefined) this.pass(Math.max(0, dueMs - this.nowMs))
    return dueMs !== undefined
  }

  read(life = this.state.life): void {
    this.tell({
      type: "source.read",
      life,
      reading: { totalMib: 8192, usedMib: 1, atMs: this.nowMs },
    })
  }

  gone(isFinal = false, life = this.state.life): void {
    this.tell({ type: "source.gone", life, reason: `life ${life} ended`, isFinal })
  }

  /** What was commanded since it was last looked at: opened as its source and life, the rest by name. */
  said(): readonly string[] {
    return this.commands
      .splice(0)
      .map((command) => (command.type === "open" ? `${command.source} ${command.life}` : command.type))
  }
}

describe("which source of readings is used", () => {
  it("is the first, asked at once and then at its interval", () => {
    const sources = new Sources()
    sources.pass(499)
    expect(sources.said()).toEqual(["nvml 1", "ask"])
    sources.pass(1)
    expect(sources.said()).toEqual(["ask"])
  })

  it("is the same again after 100 ms and after 1 s, then the next at once", () => {
    const sources = new Sources()
    const waitedMs: number[] = []
    for (let death = 0; death < 2; death++) {
      const atMs = sources.nowMs
      sources.gone()
      sources.untilDue()
      waitedMs.push(sources.nowMs - atMs)
    }
    sources.gone()
    expect(waitedMs).toEqual([100, 1000])
    expect(sources.said()).toEqual(["nvml 1", "ask", "nvml 2", "ask", "nvml 3", "ask", "nvidia-smi 4", "ask"])
  })

  it("is tried with a fresh back-off once it has been sound for ten seconds, not before", () => {
    for (const [livedMs, again] of [
      [9999, "nvidia-smi 4"],
      [10_000, "nvml 4"],
    ] as const) {
      const sources = new Sources()
      for (const backOffMs of [100, 1000]) {
        sources.gone()
        sources.pass(backOffMs)
      }
      for (let lived = 0; lived < 4; lived++) {
        sources.nowMs += livedMs / 4
        sources.read()
      }
      sources.gone()
      sources.pass(100)
      expect(sources.said()).toContain(again)
    }
  })

  it("is never again one whose end is final; without any other there is nothing left to do", () => {
    const sources = new Sources()
    sources.gone(true)
    sources.gone(true)
    expect(sources.state.status).toEqual({ type: "none", reason: "life 1 ended; life 2 ended" })
    sources.untilDue()
    expect(sources.untilDue()).toBe(false)
    expect(sources.said()).toEqual(["nvml 1", "ask", "nvidia-smi 2", "ask"])
  })

  it("is each of them three times, and the first again a minute after all have failed", () => {
    const sources = new Sources()
    const openedAtMs: number[] = []
    for (let death = 0; death < 7; death++) {
      openedAtMs.push(sources.nowMs - 1000)
      sources.gone()
      while (!sources.state.isOpen && sources.untilDue());
    }
    const asked = sources.said().filter((said) => said !== "ask")
    const ids = asked.map((said) => said.split(" ")[0])
    expect(ids).toEqual([...Array(3).fill("nvml"), ...Array(3).fill("nvidia-smi"), "nvml", "nvml"])
    expect(openedAtMs).toEqual([0, 100, 1100, 1100, 1200, 2200, 62_200])
  })

  it("is none where there is nothing to try", () => {
    expect(new Sources([]).state.status).toEqual({ type: "none", reason: NO_DRIVER })
  })

  it("is closed before it is replaced when it hangs, and judged by how it began in each life anew", () => {
    const sources = new Sources()
    sources.read()
    sources.said()
    sources.pass(3000)
    expect(sources.said()).toEqual(["ask"])
    sources.pass(500)
    expect(sources.said()).toEqual(["close"])
    sources.pass(100)
    sources.pass(10_000)
    expect(sources.said()).toEqual(["nvml 2", "ask", "ask"])
  })

  it("says none when what was read last no longer holds, and whose it is when something is read again", () => {
    const sources = new Sources()
    sources.read()
    sources.gone()
    sources.pass(4999)
    expect(sources.state.status).toEqual({ type: "reading", source: "nvml" })
    sources.pass(1)
    expect(sources.state.status).toEqual({ type: "none", reason: "life 1 ended" })
    sources.read()
    expect(sources.state.status).toEqual({ type: "reading", source: "nvml" })
  })

  it("hears nothing of a life that is over", () => {
    const sources = new Sources()
    sources.gone()
    const { state } = sources
    sources.read()
    sources.gone()
    expect(sources.state).toBe(state)
    sources.pass(100)
    sources.said()
    sources.read(1)
    sources.gone(true, 1)
    expect(sources.said()).toEqual([])
    expect(sources.state.candidates).toEqual(BOTH)
  })

  it("has one source open at most, and never rests for good while one may be of use", () => {
    const happening = fc.oneof(
      fc.record({ type: fc.constant("due" as const) }),
      fc.record({ type: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
      fc.record({ type: fc.constant("read" as const), back: fc.integer({ min: 0, max: 2 }) }),
      fc.record({
        type: fc.constant("gone" as const),
        back: fc.integer({ min: 0, max: 2 }),
        isFinal: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(fc.subarray([...BOTH]), fc.array(happening, { maxLength: 60 }), (ids, happenings) => {
        const sources = new Sources(ids)
        let open = 0
        const settle = () => {
          for (const { type } of sources.commands.splice(0)) {
            if (type === "open") open++
            if (type === "close") open--
            expect(open).toBeLessThanOrEqual(1)
            if (type === "ask") expect(open).toBe(1)
          }
          expect(open === 1).toBe(sources.state.isOpen)
        }
        settle()
        for (const one of happenings) {
          const isOfThisLife = "back" in one && one.back === 0 && sources.state.isOpen
          if (one.type === "gone" && isOfThisLife) open--
          if (one.type === "due") sources.untilDue()
          if (one.type === "pass") sources.pass(one.ms)
          if (one.type === "read") sources.read(sources.state.life - one.back)
          if (one.type === "gone") sources.gone(one.isFinal, sources.state.life - one.back)
          settle()
        }
        for (let round = 0; round < 3 && !sources.state.isOpen; round++) sources.untilDue()
        expect(sources.state.isOpen).toBe(sources.state.candidates.length > 0)
      }),
      { numRuns: 300 },
    )
  })
})
