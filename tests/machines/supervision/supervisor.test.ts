import { describe, expect, it } from "vitest"
import { createActor, SimulatedClock } from "xstate"
import { childSpec, supervisorFlags } from "../../../src/machines/supervision/supervision-types.ts"
import { supervisorMachine } from "../../../src/machines/supervision/supervisor.ts"

const start = () => {
  const clock = new SimulatedClock()
  const emitted: string[] = []
  const policy = { intensity: 5, periodMs: 10_000, backoffMs: 100, maxBackoffMs: 1000, breakerMs: 30_000 }
  const actor = createActor(supervisorMachine, {
    clock,
    input: { id: "top", children: [childSpec({ id: "a", policy })] },
  })
  actor.on("child.start", ({ id, incarnation }) => emitted.push(`start ${id} ${incarnation}`))
  actor.on("child.stop", ({ id, incarnation }) => emitted.push(`stop ${id} ${incarnation}`))
  actor.start()
  actor.send({ type: "supervisor.start" })
  const fault = (incarnation: number) =>
    actor.send({ type: "child.start-failed", id: "a", incarnation, nowMs: clock.now(), message: "no" })
  return { clock, actor, emitted, fault }
}

describe("the supervisor machine", () => {
  it("waits out the back-off on the clock of its system", () => {
    const { clock, emitted, fault } = start()
    fault(1)
    fault(2)
    expect(emitted).toEqual(["start a 1", "start a 2"])
    clock.increment(99)
    expect(emitted).toHaveLength(2)
    clock.increment(1)
    expect(emitted).toEqual(["start a 1", "start a 2", "start a 3"])
  })

  it("forgets a waiting restart when it stops, and is done", () => {
    const { clock, actor, emitted, fault } = start()
    fault(1)
    fault(2)
    actor.send({ type: "supervisor.stop" })
    expect(actor.getSnapshot().status).toBe("done")
    clock.increment(10_000)
    expect(emitted).toHaveLength(2)
  })

  it("ends of its own accord when its children cannot be kept up", () => {
    const flags = supervisorFlags({ pastIntensity: "escalate", intensity: 0 })
    const children = [childSpec({ id: "a" }), childSpec({ id: "b" })]
    const actor = createActor(supervisorMachine, { input: { id: "top", children, flags } })
    const states: unknown[] = []
    actor.subscribe(({ value }) => states.push(value))
    actor.start()
    actor.send({ type: "supervisor.start" })
    actor.send({ type: "child.started", id: "a", incarnation: 1, nowMs: 0 })
    actor.send({ type: "child.started", id: "b", incarnation: 1, nowMs: 0 })
    actor.send({ type: "child.exited", id: "b", incarnation: 1, nowMs: 1, reason: { type: "normal" } })
    actor.send({ type: "child.exited", id: "a", incarnation: 1, nowMs: 2, reason: { type: "shutdown" } })
    expect([...new Set(states)]).toEqual(["created", "starting", "running", "stopping", "stopped"])
    expect(actor.getSnapshot().context.end).toMatchObject({ type: "escalated", child: "b" })
  })

  it("is plain data, so that it can be drawn", () => {
    expect(JSON.parse(JSON.stringify(supervisorMachine.config.states))).toEqual(
      supervisorMachine.config.states,
    )
  })
})
