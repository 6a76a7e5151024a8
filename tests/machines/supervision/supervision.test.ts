import { describe, expect, it } from "vitest"
import { ABNORMAL, runningRig, type Spec, supervisionRig } from "../../support/supervision-rig.ts"

/** One_for_one with a breaker for each child; what it has in common with OTP's has OTP's name for it. */
const policy = { intensity: 2, periodMs: 10_000, backoffMs: 100, maxBackoffMs: 1000, breakerMs: 30_000 }
const withPolicy = (specs: readonly Spec[]) => specs.map((spec) => ({ policy, ...spec }))
const rig = (...specs: Spec[]) => supervisionRig({}, ...withPolicy(specs))
const running = (...specs: Spec[]) => runningRig({}, ...withPolicy(specs))

describe("a supervisor with a breaker for each child", () => {
  it("starts its children in order, each when the one before is up", () => {
    const top = rig({ id: "a" }, { id: "b" }, { id: "c" })
    top.send({ type: "supervisor.start" })
    expect(top.doings()).toEqual(["start a"])
    top.up("a")
    expect(top.doings()).toEqual(["start b"])
    top.up("b")
    expect(top.doings()).toEqual(["start c"])
  })

  it("one_for_one: the others are left alone", () => {
    const top = running({ id: "a" }, { id: "b" })
    top.down("a")
    expect(top.doings()).toEqual(["start a"])
    expect(top.child("b").phase).toBe("running")
  })

  it("one_for_one_other_child_fails_restart: a child that cannot restart does not hold back another", () => {
    const top = running({ id: "a" }, { id: "b" })
    top.down("a")
    top.fault("a")
    expect(top.child("a").phase).toBe("backing-off")
    top.down("b")
    expect(top.child("b").phase).toBe("starting")
    top.due("a")
    expect(top.phases()).toBe("a starting, b starting")
    expect(top.child("a").restarts).toBe(2)
  })

  it("one_for_one_escalation, as a breaker: past its intensity only that child is given up", () => {
    const top = running({ id: "a" }, { id: "b" })
    top.down("a")
    top.fault("a")
    top.send({ type: "child.restart-due", id: "a" })
    top.up("a")
    top.at(1000)
    top.down("a")
    expect(top.child("a")).toMatchObject({ phase: "broken", retryAtMs: 31_000 })
    expect(top.child("b").phase).toBe("running")
    const contexts = top.commands.flatMap((command) =>
      command.type === "report" ? [command.report.context] : [],
    )
    expect(contexts).toEqual([
      "child-terminated",
      "start-error",
      "started",
      "child-terminated",
      "breaker-open",
    ])
  })

  it("hanging_restart_loop: a child that never starts ends in the breaker, not in a loop", () => {
    const top = rig({ id: "a" })
    top.send({ type: "supervisor.start" })
    for (let turn = 0; turn < 20 && top.child("a").phase !== "broken"; turn++) {
      if (top.child("a").phase === "backing-off") top.send({ type: "child.restart-due", id: "a" })
      else top.fault("a")
    }
    expect(top.doings().filter((doing) => doing === "start a")).toHaveLength(3)
    expect(top.child("a").phase).toBe("broken")
  })

  it("a broken child refuses until its time, then gets one attempt on request", () => {
    const top = running({ id: "a" })
    for (let turn = 0; turn < 3; turn++) {
      top.down("a")
      if (top.child("a").phase === "backing-off") top.send({ type: "child.restart-due", id: "a" })
      if (top.child("a").phase === "starting") top.up("a")
    }
    expect(top.child("a").phase).toBe("broken")
    top.at(29_999)
    top.wanted("a")
    expect(top.child("a").phase).toBe("broken")
    top.at(30_000)
    top.wanted("a")
    expect(top.child("a").phase).toBe("starting")
    top.fault("a")
    expect(top.child("a")).toMatchObject({ phase: "broken", retryAtMs: 60_000 })
  })

  it("sup_stop: children stop in reverse order, one after another, each with its own shutdown", () => {
    const top = running({ id: "a", shutdown: "brutal" }, { id: "b", shutdown: 700 })
    top.send({ type: "supervisor.stop" })
    expect(top.commands).toMatchObject([{ type: "child.stop", id: "b", shutdown: 700 }])
    top.down("b", { type: "shutdown" })
    expect(top.commands.at(-1)).toMatchObject({ type: "child.stop", id: "a", shutdown: "brutal" })
    expect(top.state().mode).toBe("stopping")
    top.down("a", ABNORMAL)
    expect(top.state().mode).toBe("stopped")
  })

  it("stopping while a child starts, another backs off and a third is broken stops all three", () => {
    const top = running({ id: "a" }, { id: "b" }, { id: "c", restart: "temporary" })
    top.down("a")
    top.fault("a")
    top.down("b")
    top.down("c")
    top.send({ type: "supervisor.stop" })
    expect(top.doings()).toEqual(expect.arrayContaining(["clear a", "stop b"]))
    top.down("b", { type: "shutdown" })
    expect(top.state().mode).toBe("stopped")
  })

  it("an on-demand child starts when it is wanted, stops when it is not, and starts again when it is", () => {
    const top = running({ id: "a", start: "on-demand" })
    expect(top.child("a").phase).toBe("idle")
    top.wanted("a")
    top.up("a")
    top.send({ type: "child.unwanted", id: "a" })
    expect(top.child("a").phase).toBe("stopping")
    top.wanted("a")
    top.down("a", { type: "shutdown" })
    expect(top.child("a").phase).toBe("starting")
    expect(top.child("a").restarts).toBe(0)
  })

  it("news about an earlier incarnation, an unknown child, or a child that is already down change nothing", () => {
    const top = running({ id: "a", restart: "temporary" })
    const old = top.about("a")
    const before = top.state()
    top.send({ type: "child.exited", ...old, incarnation: 0, reason: ABNORMAL })
    top.send({ type: "child.wanted", id: "nobody", nowMs: 0 })
    expect(top.state()).toBe(before)
    top.down("a")
    const after = top.state()
    top.down("a")
    expect(top.state()).toEqual(after)
  })

  it("a child that cannot start with the supervisor does not keep the rest from starting", () => {
    const top = rig({ id: "a" }, { id: "b" })
    top.send({ type: "supervisor.start" })
    top.fault("a")
    top.fault("a")
    expect(top.phases()).toBe("a backing-off, b starting")
    top.up("b")
    expect(top.state().mode).toBe("running")
  })

  it("a child that is asked for while the supervisor starts does not wait for its turn, and starts once", () => {
    const top = rig({ id: "a" }, { id: "b" })
    top.send({ type: "supervisor.start" })
    top.wanted("b")
    expect(top.doings()).toEqual(["start a", "start b"])
    top.up("a")
    top.up("b")
    expect(top.doings()).toEqual([])
    expect(top.state().mode).toBe("running")
  })

  it("a child with an own answer breaks alone where the others escalate", () => {
    const top = runningRig(
      { pastIntensity: "escalate", intensity: 0 },
      { id: "spare", pastIntensity: "break", policy: { ...policy, intensity: 0 } },
      { id: "vital" },
    )
    top.down("spare")
    expect(top.phases()).toBe("spare broken, vital running")
    top.down("vital")
    expect(top.state()).toMatchObject({ mode: "stopped", end: { type: "escalated", child: "vital" } })
  })
})
