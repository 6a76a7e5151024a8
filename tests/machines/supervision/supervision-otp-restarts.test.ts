import { describe, expect, it } from "vitest"
import { ABNORMAL, otpFlags, runningRig, SHUTDOWN } from "../../support/supervision-rig.ts"

/* The cases of Erlang/OTP's supervisor_SUITE about restarts, by its own names; the others: supervision-otp.test.ts. */
const { one, rest, all } = otpFlags

describe("the intensity", () => {
  it("multiple_restarts: as many restarts as one likes, as long as they are far enough apart", () => {
    const top = runningRig({ ...one, intensity: 1, periodMs: 1000 }, { id: "a", shutdown: "brutal" })
    for (let turn = 0; turn < 4; turn++) {
      top.at(turn * 1000)
      top.down("a")
      top.up("a")
    }
    expect(top.child("a")).toMatchObject({ phase: "running", restarts: 4 })
  })

  it("one_for_one: the others are left alone, and the restarts of all count together", () => {
    const top = runningRig(one, { id: "a" }, { id: "b" })
    top.down("a")
    top.up("a")
    expect(top.doings()).toEqual(["start a"])
    top.down("b")
    top.up("b")
    top.down("a")
    expect(top.doings()).toEqual(["start b", "stop b"])
    top.down("b", SHUTDOWN)
    expect(top.state()).toMatchObject({
      mode: "stopped",
      end: { type: "escalated", child: "a", reason: ABNORMAL, restarts: 2 },
    })
  })

  it.each([
    ["one_for_one_escalation", one, "a", ["start a", "start a", "stop b"]],
    [
      "one_for_all_escalation",
      all,
      "b",
      ["stop b", "start a", "start b", "stop a", "start a", "start b", "stop a"],
    ],
    ["rest_for_one_escalation", rest, "b", ["stop b", "start a", "start b", "start b", "stop a"]],
  ] as const)(
    "%s: a child that never starts again ends the supervisor, and all else with it",
    (_, flags, faulty, doings) => {
      const top = runningRig(flags, { id: "a" }, { id: "b" })
      top.down("a")
      for (let turn = 0; turn < 20 && top.state().mode !== "stopped"; turn++) {
        for (const { spec, phase } of top.state().children) {
          if (phase === "starting") {
            if (spec.id === faulty) top.fault(spec.id)
            else top.up(spec.id)
          } else if (phase === "stopping") top.down(spec.id, SHUTDOWN)
        }
      }
      expect(top.contexts().filter((context) => context.startsWith("escalated"))).toEqual([
        `escalated ${faulty}`,
      ])
      expect(top.doings()).toEqual(doings)
      expect(top.state()).toMatchObject({ mode: "stopped", end: { type: "escalated", child: faulty } })
      expect(top.state().children.map(({ phase }) => phase)).toEqual(["idle", "idle"])
    },
  )

  it("waiting before a restart does not reset the window", () => {
    const flags = { ...one, intensity: 3, periodMs: 10_000, backoffMs: 1000, maxBackoffMs: 2000 }
    const top = runningRig(flags, { id: "a" })
    let nowMs = 0
    for (let turn = 0; turn < 4; turn++) {
      top.at(nowMs)
      top.down("a")
      for (const command of top.commands) if (command.type === "timer.set") nowMs += command.delayMs
      top.commands.splice(0)
      top.at(nowMs)
      top.due("a")
      if (top.child("a").phase === "starting") top.up("a")
    }
    expect(top.now()).toBe(3000)
    expect(top.state().end).toMatchObject({ type: "escalated", restarts: 3, periodMs: 10_000 })
  })
})

describe("a restart that hangs", () => {
  const slow = { intensity: 8, periodMs: 10_000, backoffMs: 100, maxBackoffMs: 100 }

  it("hanging_restart_loop: a child can be told to stop, and asked for again, between two attempts", () => {
    const top = runningRig({ ...one, ...slow }, { id: "a" })
    top.down("a")
    top.fault("a")
    expect(top.phases()).toBe("a backing-off")
    top.unwanted("a")
    expect(top.doings()).toEqual(["start a", "set a", "clear a"])
    top.due("a")
    expect(top.phases()).toBe("a idle")
    top.wanted("a")
    top.up("a")
    top.down("a")
    expect(top.phases()).toBe("a backing-off")
    top.send({ type: "supervisor.stop" })
    expect(top.state().mode).toBe("stopped")
  })

  it("hanging_restart_loop_rest_for_one: with the child that is told to stop, the restart of the rest is over", () => {
    const top = runningRig({ ...rest, ...slow }, { id: "a" }, { id: "b" }, { id: "c" })
    top.down("b")
    top.down("c", SHUTDOWN)
    top.fault("b")
    expect(top.phases()).toBe("a running, b backing-off, c idle")
    top.unwanted("b")
    expect(top.phases()).toBe("a running, b idle, c idle")
    top.wanted("b")
    top.up("b")
    expect(top.phases()).toBe("a running, b running, c idle")
    top.down("b")
    top.send({ type: "supervisor.stop" })
    top.down("a", SHUTDOWN)
    expect(top.state().mode).toBe("stopped")
  })
})

describe("the reports of a supervisor", () => {
  it("say who, what, why, for the how-manieth time and when, also of an escalation", () => {
    const top = runningRig({ ...one, intensity: 1 }, { id: "a" })
    top.at(40)
    top.down("a")
    top.up("a")
    top.at(70)
    top.down("a", { type: "crashed", error: "bug" })
    const reports = top.commands.flatMap((command) => (command.type === "report" ? [command.report] : []))
    const crash = { type: "crashed", error: "bug" }
    expect(reports).toEqual([
      { supervisor: "top", child: "a", context: "child-terminated", reason: ABNORMAL, attempt: 0, atMs: 40 },
      { supervisor: "top", child: "a", context: "started", reason: undefined, attempt: 1, atMs: 40 },
      { supervisor: "top", child: "a", context: "child-terminated", reason: crash, attempt: 1, atMs: 70 },
      { supervisor: "top", child: "a", context: "escalated", reason: crash, attempt: 1, atMs: 70 },
    ])
  })
})
