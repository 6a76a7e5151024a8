import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { checkSupervisor } from "../../../src/machines/supervision/supervision-check.ts"
import { childSpec, type SupervisorFlags } from "../../../src/machines/supervision/supervision-types.ts"
import { ABNORMAL, NORMAL, SHUTDOWN, type Spec, supervisionRig } from "../../support/supervision-rig.ts"

/*
 * Random supervisors with random lives. The world below answers the commands: what was started comes up, fails, is
 * ignored or hangs; what runs dies; what is stopped goes in its own time. After each event the laws are checked.
 */
const IDS = ["a", "b", "c", "d"] as const

const window = fc.record({
  intensity: fc.nat(4),
  periodMs: fc.constantFrom(1000, 10_000),
  backoffMs: fc.constantFrom(0, 50),
  maxBackoffMs: fc.constantFrom(50, 100),
})
const flags: fc.Arbitrary<SupervisorFlags> = fc
  .record({
    strategy: fc.constantFrom("one_for_one" as const, "rest_for_one" as const, "one_for_all" as const),
    pastIntensity: fc.constantFrom("escalate" as const, "break" as const),
    autoShutdown: fc.constantFrom("never" as const, "any_significant" as const, "all_significant" as const),
    window,
  })
  .map(({ window: own, ...rest }) => ({
    ...rest,
    ...own,
    pastIntensity: rest.strategy === "one_for_one" ? rest.pastIntensity : "escalate",
  }))
const specs = ({ autoShutdown, strategy }: SupervisorFlags) =>
  fc.tuple(
    ...IDS.map((id) =>
      fc
        .record({
          restart: fc.constantFrom("permanent" as const, "transient" as const, "temporary" as const),
          start: fc.constantFrom(
            "with-supervisor" as const,
            "with-supervisor" as const,
            "on-demand" as const,
          ),
          significant: fc.boolean(),
          shutdown: fc.constantFrom("brutal" as const, "infinity" as const, 100),
          policy: window.map((own) => ({ ...own, breakerMs: 500 })),
          pastIntensity:
            strategy === "one_for_one"
              ? fc.constantFrom(undefined, "break" as const, "escalate" as const)
              : fc.constant(undefined),
        })
        .map((spec) => ({
          id,
          ...spec,
          significant: spec.significant && autoShutdown !== "never" && spec.restart !== "permanent",
        })),
    ),
  )
const supervisors = flags.chain((own) => fc.tuple(fc.constant(own), specs(own)))

const HAPPENINGS = [
  ...(["up", "up", "up", "fault", "ignore", "crash", "crash", "end", "gone", "gone"] as const),
  ...(["due", "wanted", "unwanted", "stale"] as const),
] as const
type Happening = (typeof HAPPENINGS)[number]

const happenings = (kinds: readonly Happening[]) =>
  fc.array(
    fc.tuple(fc.constantFrom(...kinds), fc.constantFrom<string[]>(...IDS), fc.constantFrom(0, 1, 60, 700)),
    { maxLength: 120 },
  )

/** The rig, and what really is there: the lives, the timers, and in which order they came and went. */
const world = (own: SupervisorFlags, children: readonly Spec[]) => {
  const top = supervisionRig(own, ...children)
  const lives = new Map<string, "starting" | "running" | "stopping">()
  const timers = new Set<string>()
  const indexOf = (id: string) => children.findIndex((child) => child.id === id)

  /** All stops are in reverse order but that of a child that was `asked` to stop. */
  const obey = (asked?: string): void => {
    for (const command of top.commands.splice(0)) {
      switch (command.type) {
        case "child.start": {
          expect(lives.has(command.id), `${command.id} has two lives`).toBe(false)
          expect(timers.has(command.id), `${command.id} starts before its time`).toBe(false)
          const others = [...lives.keys()]
          lives.set(command.id, "starting")
          if (own.strategy === "one_for_one") break
          expect(
            others.filter((id) => lives.get(id) === "starting"),
            "two start at once",
          ).toEqual([])
          if (top.child(command.id).cause === "request") break
          // What is up of a group is its beginning, but for those that somebody asked for.
          const early = others.filter(
            (id) => indexOf(id) > indexOf(command.id) && top.child(id).cause !== "request",
          )
          expect(early, `up before ${command.id}`).toEqual([])
          break
        }
        case "child.stop": {
          expect(lives.has(command.id), `${command.id} is stopped but not there`).toBe(true)
          const later = [...lives.keys()].filter((id) => indexOf(id) > indexOf(command.id))
          if (command.id !== asked) expect(later, `there while ${command.id} stops`).toEqual([])
          lives.set(command.id, "stopping")
          break
        }
        case "timer.set":
          expect(timers.has(command.id)).toBe(false)
          timers.add(command.id)
          break
        case "timer.clear":
          timers.delete(command.id)
          break
      }
    }
  }

  const lawsHold = (): void => {
    const { children: records, mode, restartsAtMs } = top.state()
    for (const { spec, phase } of records) {
      const there = phase === "starting" || phase === "running" || phase === "stopping" ? phase : undefined
      expect(lives.get(spec.id), `${spec.id} is ${phase}`).toBe(there)
      expect(timers.has(spec.id), `timer of ${spec.id}, ${phase}`).toBe(phase === "backing-off")
    }
    const recent = restartsAtMs.filter((atMs) => atMs > top.now() - own.periodMs)
    expect(recent.length).toBeLessThanOrEqual(own.intensity)
    if (mode === "stopped") expect([...lives.keys()]).toEqual([])
  }

  const happen = (kind: (typeof HAPPENINGS)[number], id: string): void => {
    const life = lives.get(id)
    const leave = (tell: () => void): void => {
      lives.delete(id)
      tell()
    }
    const before = top.state()
    switch (kind) {
      case "up":
        if (life !== "starting") return
        lives.set(id, "running")
        top.up(id)
        break
      case "fault":
        if (life === "starting") leave(() => top.fault(id))
        break
      case "ignore":
        if (life === "starting") leave(() => top.ignore(id))
        break
      case "crash":
        if (life !== undefined) leave(() => top.down(id, ABNORMAL))
        break
      case "end":
        if (life === "running") leave(() => top.down(id, NORMAL))
        break
      case "gone":
        if (life === "stopping") leave(() => top.down(id, SHUTDOWN))
        break
      case "due":
        if (timers.delete(id)) top.due(id)
        break
      case "wanted":
        top.wanted(id)
        break
      case "unwanted":
        top.unwanted(id)
        break
      case "stale": {
        const incarnation = top.child(id).incarnation - 1
        const late = { id, incarnation, nowMs: top.now() }
        top.send({ type: "child.exited", ...late, reason: ABNORMAL })
        top.send({ type: "child.start-failed", ...late, message: "late" })
        top.send({ type: "child.started", ...late })
        expect(top.state()).toBe(before)
        expect(top.commands).toEqual([])
      }
    }
    obey(kind === "unwanted" ? id : undefined)
    lawsHold()
  }

  const begin = (): void => {
    top.send({ type: "supervisor.start" })
    obey()
    lawsHold()
  }
  return { top, lives, timers, begin, happen, obey, lawsHold }
}

const run = (
  property: (w: ReturnType<typeof world>) => void,
  kinds: readonly Happening[] = HAPPENINGS,
): void => {
  fc.assert(
    fc.property(supervisors, happenings(kinds), ([own, children], events) => {
      const checked = children.map((child) => childSpec(child))
      fc.pre(checkSupervisor("top", own, checked) === undefined)
      const w = world(own, children)
      w.begin()
      let nowMs = 0
      for (const [kind, id, gapMs] of events) {
        nowMs += gapMs
        w.top.at(nowMs)
        w.happen(kind, id)
      }
      property(w)
    }),
    { numRuns: 150 },
  )
}

/** What happens if nothing more goes wrong. */
const settle = ({ lives, timers, happen }: ReturnType<typeof world>): void => {
  for (let turn = 0; turn < 60; turn++) {
    for (const id of IDS) {
      if (timers.has(id)) happen("due", id)
      if (lives.get(id) === "starting") happen("up", id)
      if (lives.get(id) === "stopping") happen("gone", id)
    }
  }
}

describe("whatever happens to a supervisor", () => {
  it("no child has two lives, no group starts two at once, stops are in reverse, no window holds too many, and what is late changes nothing", () => {
    run(settle)
  })

  it("a stop takes everything down and comes to an end", () => {
    run(({ top, lives, timers, happen, obey, lawsHold }) => {
      top.send({ type: "supervisor.stop" })
      obey()
      lawsHold()
      for (let turn = 0; turn < IDS.length && top.state().mode !== "stopped"; turn++) {
        for (const id of IDS.toReversed()) if (lives.get(id) === "stopping") happen("gone", id)
      }
      expect(top.state().mode).toBe("stopped")
      expect([...lives, ...timers], "left behind").toEqual([])
    })
  })

  it("once nothing more goes wrong it has ended, or nothing is left to do", () => {
    run((w) => {
      settle(w)
      const { mode, startQueue, stopQueue } = w.top.state()
      expect(mode === "running" || mode === "stopped").toBe(true)
      expect([...startQueue, ...stopQueue, ...w.timers]).toEqual([])
      expect([...w.lives.values()].filter((phase) => phase !== "running")).toEqual([])
    })
  })

  it("nobody is forgotten: a permanent child that nobody told to stop is up in the end, or its breaker is open", () => {
    const kinds = HAPPENINGS.filter((kind) => kind !== "unwanted" && kind !== "ignore")
    run((w) => {
      settle(w)
      if (w.top.state().mode === "stopped") return
      const down = w.top
        .state()
        .children.filter(({ spec }) => spec.restart === "permanent" && spec.start !== "on-demand")
        .filter(({ phase }) => phase !== "running" && phase !== "broken")
      expect(down).toEqual([])
    }, kinds)
  })
})
