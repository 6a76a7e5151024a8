import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Announcement } from "../../../src/ports/announcements.ts"
import { MAX_TIMERS, type Timer } from "../../../src/tools/timers/timer.ts"
import type { TimerFile } from "../../../src/tools/timers/timer-file.ts"
import { Timers } from "../../../src/tools/timers/timers.ts"
import { simulatedClock } from "../../support/nursery.ts"

const NOON = Date.UTC(2026, 2, 2, 12)

interface Rung {
  readonly id: string
  readonly announcement: Announcement
  /** As it is said at once. */
  readonly text: string
  readonly wallMs: number
}

/** Timers over a file in memory and clocks that the test moves; `restart` begins a new life on the same file. */
const rig = () => {
  const clock = simulatedClock()
  const rung: Rung[] = []
  const known = new Set<string>()
  let onDisk: readonly Timer[] = []
  let writable = true
  let wallOffset = NOON
  let ids = 0
  const file = (): TimerFile => ({
    timers: onDisk,
    save: (timers) =>
      Effect.sync(() => {
        if (writable) onDisk = timers
        return writable
      }),
    flushed: Effect.void,
  })
  const announcements = {
    announce: (announcement: Announcement): void => {
      known.add(announcement.id)
      rung.push({ id: announcement.id, announcement, text: announcement.text(), wallMs: wall() })
    },
    withdraw: (id: string) => known.delete(id),
  }
  const wall = () => wallOffset + clock.now()
  const open = () => new Timers({ file: file(), wall, clock, announcements, newId: () => `t${++ids}` })
  let timers = open()
  return {
    get timers() {
      return timers
    },
    set: (seconds: number, label?: string) => Effect.runSync(timers.set(seconds, label)),
    cancel: (which: Parameters<Timers["cancel"]>[0]) => Effect.runSync(timers.cancel(which)),
    /** Time goes by, awake. */
    advance: (ms: number): void => {
      for (let left = ms; left > 0; left -= 500) clock.increment(Math.min(left, 500))
    },
    /** The wall clock is set, or went on while the machine slept. */
    jump: (ms: number): void => {
      wallOffset += ms
    },
    /** The process is killed, and another one begins after so long. */
    restart: (offMs: number): void => {
      timers.close()
      known.clear()
      wallOffset += offMs
      timers = open()
    },
    heard: (id: string, isOver = true): void => {
      if (isOver) known.delete(id)
      rung.findLast((ring) => ring.id === id)?.announcement.onDelivered?.("heard")
    },
    readOnly: (): void => {
      writable = false
    },
    rung,
    known,
    texts: () => rung.map(({ text }) => text),
    onDisk: () => onDisk,
    left: () => timers.running().map(({ timer, leftMs }) => `${timer.label ?? timer.seconds}: ${leftMs}`),
  }
}

describe("a timer", () => {
  it("rings once when its time is over, and says which it is", () => {
    const { set, advance, texts, left } = rig()
    set(480, "pasta")
    set(600)
    advance(479_500)
    expect(texts()).toEqual([])
    expect(left()).toEqual(["pasta: 500", "600: 120500"])
    advance(500)
    expect(texts()).toEqual(["Your pasta timer is done."])
    advance(120_000)
    expect(texts()).toEqual(["Your pasta timer is done.", "Your ten minute timer is done."])
    advance(3_600_000)
    expect(texts()).toHaveLength(2)
  })

  it("is in the file before it counts as set, and until it was heard", () => {
    const { set, advance, onDisk, heard } = rig()
    expect(set(1)).toMatchObject({ type: "set", kept: true, timer: { id: "t1", seconds: 1 } })
    expect(onDisk()).toHaveLength(1)
    advance(5000)
    expect(onDisk()).toHaveLength(1)
    heard("t1")
    expect(onDisk()).toEqual([])
  })

  it("is said to be lost by a restart where it cannot be saved, and rings all the same", () => {
    const { set, advance, readOnly, texts } = rig()
    readOnly()
    expect(set(5)).toMatchObject({ type: "set", kept: false })
    advance(5000)
    expect(texts()).toHaveLength(1)
  })

  it("is one of twenty at most, those that ring included", () => {
    const { set, advance, heard } = rig()
    for (let i = 1; i <= MAX_TIMERS; i++) expect(set(i)).toMatchObject({ type: "set" })
    expect(set(60)).toEqual({ type: "full" })
    advance(1000)
    expect(set(60)).toEqual({ type: "full" })
    heard("t1")
    expect(set(60)).toMatchObject({ type: "set" })
  })

  it("rings with a tone before it is said", () => {
    const { set, advance, rung } = rig()
    set(1)
    advance(1000)
    expect(rung[0]?.announcement.rings).toBe(true)
  })

  it("rings again half a minute later, and its notice names nothing that the user said", () => {
    const { set, advance, rung } = rig()
    set(480, "secret plan")
    advance(480_000)
    expect(rung[0]?.announcement).toMatchObject({
      repeatAfterMs: 30_000,
      notice: "An eight minute timer is done.",
    })
  })
})

describe("the wall clock", () => {
  it("rings a timer late when the machine slept through its end, within half a minute of waking", () => {
    const { set, advance, jump, rung, texts } = rig()
    set(600)
    advance(60_000)
    jump(1_725_000)
    advance(30_000)
    expect(rung).toHaveLength(1)
    expect(texts()).toEqual(["Your ten minute timer ended twenty minutes ago."])
  })

  it("set back does not make a timer longer than it is", () => {
    const { set, advance, jump, texts, left } = rig()
    set(600, "tea")
    advance(60_000)
    jump(-3_600_000)
    expect(left()).toEqual(["tea: 540000"])
    advance(540_000)
    expect(texts()).toEqual(["Your tea timer is done."])
  })

  it("set forward ends a timer early: a clock that was put right cannot be told from sleep", () => {
    const { set, advance, jump, texts } = rig()
    set(600)
    jump(300_000)
    advance(300_000)
    expect(texts()).toHaveLength(1)
  })

  it("counts lateness until it is said, not until it was queued", () => {
    const { set, advance, rung } = rig()
    set(60, "egg")
    advance(60_000)
    advance(180_000)
    expect(rung[0]?.announcement.text()).toBe("Your egg timer ended three minutes ago.")
  })
})

describe("after a restart", () => {
  it("a timer goes on as if nothing had been", () => {
    const { set, advance, restart, rung, left } = rig()
    set(600, "pasta")
    advance(60_000)
    restart(120_000)
    expect(left()).toEqual(["pasta: 420000"])
    advance(419_500)
    expect(rung).toEqual([])
    advance(500)
    expect(rung).toHaveLength(1)
  })

  it("one that ended in between rings at once, and says how late it is", () => {
    const { set, advance, restart, texts } = rig()
    set(600)
    advance(60_000)
    restart(1_740_000)
    expect(texts()).toEqual(["Your ten minute timer ended twenty minutes ago."])
  })

  it("one that rang and was not heard rings again, one that was heard does not", () => {
    const { set, advance, restart, heard, rung } = rig()
    set(5, "heard")
    set(6, "unheard")
    advance(10_000)
    heard("t1")
    restart(0)
    advance(60_000)
    expect(rung.map(({ id }) => id)).toEqual(["t1", "t2", "t2"])
  })

  it("one that was cancelled stays so", () => {
    const { set, cancel, restart, advance, rung } = rig()
    set(5)
    cancel({})
    restart(60_000)
    advance(60_000)
    expect(rung).toEqual([])
  })

  it("with the wall clock set back in between it is no longer than its whole length", () => {
    const { set, restart, left } = rig()
    set(600)
    restart(-86_400_000)
    expect(left()).toEqual(["600: 600000"])
  })

  it("several that ended ring in the order of their ends", () => {
    const { set, restart, rung } = rig()
    set(30, "second")
    set(20, "first")
    set(40, "third")
    restart(3_600_000)
    expect(rung.map(({ id }) => id)).toEqual(["t2", "t1", "t3"])
  })

  it("the earlier life is silent", () => {
    const { set, advance, restart, rung } = rig()
    set(5)
    restart(0)
    advance(60_000)
    expect(rung).toHaveLength(1)
  })
})

describe("cancelling", () => {
  it("ends the only timer, or the one that is named by label, length or both", () => {
    for (const which of [{}, { label: "pasta" }, { seconds: 480 }, { label: "pasta", seconds: 480 }]) {
      const { set, cancel, advance, rung } = rig()
      set(480, "pasta")
      expect(cancel(which)).toMatchObject({ type: "cancelled", timers: [{ label: "pasta" }] })
      advance(600_000)
      expect(rung).toEqual([])
    }
  })

  it("touches none where none is meant or nobody knows which", () => {
    const { set, cancel, left } = rig()
    expect(cancel({})).toEqual({ type: "none" })
    expect(cancel("all")).toEqual({ type: "none" })
    set(480, "pasta")
    set(600, "pasta")
    expect(cancel({})).toMatchObject({ type: "ambiguous" })
    expect(cancel({ label: "pasta" })).toMatchObject({ type: "ambiguous" })
    expect(cancel({ label: "egg" })).toEqual({ type: "none" })
    expect(cancel({ label: "pasta", seconds: 60 })).toEqual({ type: "none" })
    expect(left()).toHaveLength(2)
    expect(cancel({ label: "pasta", seconds: 600 })).toMatchObject({ type: "cancelled" })
    expect(left()).toEqual(["pasta: 480000"])
  })

  it("finds a label that was heard as another word, and no other timer by it", () => {
    const { set, cancel, timers, left } = rig()
    set(480, "pasta")
    set(600, "laundry")
    expect(timers.running({ label: "pastor" })).toMatchObject([{ timer: { label: "pasta" } }])
    expect(cancel({ label: "pizza" })).toEqual({ type: "none" })
    expect(cancel({ label: "past a" })).toMatchObject({ type: "cancelled", timers: [{ label: "pasta" }] })
    expect(left()).toEqual(["laundry: 600000"])
  })

  it("ends them all when all are meant, what rings included", () => {
    const { set, cancel, advance, known, onDisk } = rig()
    set(1)
    set(60)
    set(120)
    advance(1000)
    const result = cancel("all")
    expect(result).toMatchObject({ type: "cancelled" })
    expect(onDisk()).toEqual([])
    expect([...known]).toEqual([])
  })

  it("means what rings before what still runs", () => {
    const { set, cancel, advance, known, left, onDisk } = rig()
    set(1, "egg")
    set(600)
    advance(1000)
    expect(cancel({})).toMatchObject({ type: "silenced", timers: [{ label: "egg" }] })
    expect([...known]).toEqual([])
    expect(onDisk()).toHaveLength(1)
    expect(left()).toHaveLength(1)
    expect(cancel({})).toMatchObject({ type: "cancelled", timers: [{ seconds: 600 }] })
  })

  it("means what rang just now, heard or not, but not for long", () => {
    const { set, cancel, advance, heard, left } = rig()
    set(1, "egg")
    set(600)
    advance(1000)
    heard("t1")
    advance(19_000)
    expect(cancel({})).toMatchObject({ type: "silenced", timers: [{ label: "egg" }] })
    set(1, "egg")
    advance(1000)
    heard("t3")
    advance(21_000)
    expect(cancel({})).toMatchObject({ type: "cancelled", timers: [{ seconds: 600 }] })
    expect(left()).toEqual([])
  })

  it("takes back the second ring, however late that is", () => {
    const { set, cancel, advance, heard, known } = rig()
    set(1, "egg")
    advance(1000)
    heard("t1", false)
    advance(25_000)
    expect(cancel({ label: "egg" })).toMatchObject({ type: "silenced" })
    expect([...known]).toEqual([])
  })

  it("means the one that is named, not the one that rings", () => {
    const { set, cancel, advance } = rig()
    set(1, "egg")
    set(600, "pasta")
    advance(1000)
    expect(cancel({ label: "pasta" })).toMatchObject({ type: "cancelled", timers: [{ label: "pasta" }] })
  })
})

it("knows a timer that was set since a moment by its exact length and label", () => {
  const { set, timers, advance } = rig()
  set(480, "pasta")
  expect(timers.setSince({ seconds: 480, label: "pasta" }, NOON)).toMatchObject({ id: "t1" })
  expect(timers.setSince({ seconds: 480 }, NOON)).toBeUndefined()
  expect(timers.setSince({ seconds: 480, label: "pasta" }, NOON + 1)).toBeUndefined()
  advance(480_000)
  expect(timers.setSince({ seconds: 480, label: "pasta" }, NOON)).toBeUndefined()
})

it("rings every timer that is not cancelled at least once and never early, whatever happens", () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("set" as const), seconds: fc.integer({ min: 1, max: 600 }) }),
    fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 300_000 }) }),
    fc.record({ type: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 300_000 }) }),
    fc.record({ type: fc.constant("restart" as const), ms: fc.integer({ min: 0, max: 300_000 }) }),
    fc.record({ type: fc.constant("hear" as const) }),
    fc.record({ type: fc.constant("cancel" as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const run = rig()
      const due = new Map<string, number>()
      const ends = new Map<string, number>()
      let wallMs = NOON
      for (const one of steps) {
        if (one.type === "set") {
          const result = run.set(one.seconds)
          if (result.type === "set") ends.set(result.timer.id, wallMs + one.seconds * 1000)
          if (result.type === "set") due.set(result.timer.id, wallMs + one.seconds * 1000)
        } else if (one.type === "hear") {
          for (const id of [...run.known]) run.heard(id)
        } else if (one.type === "cancel") {
          const result = run.cancel("all")
          if ("timers" in result) for (const { id } of result.timers) ends.delete(id)
          for (const [id, endMs] of ends) if (endMs > wallMs) ends.delete(id)
        } else {
          wallMs += one.ms
          if (one.type === "wait") run.advance(one.ms)
          if (one.type === "sleep") run.jump(one.ms)
          if (one.type === "restart") run.restart(one.ms)
        }
      }
      run.advance(601_000)
      wallMs += 601_000
      const rang = new Set(run.rung.map(({ id }) => id))
      for (const [id] of ends) expect(rang.has(id), id).toBe(true)
      for (const { id, wallMs: rangMs } of run.rung)
        expect(rangMs, id).toBeGreaterThanOrEqual(due.get(id) ?? 0)
      expect(run.timers.running()).toEqual([])
    }),
    { numRuns: 60 },
  )
})
