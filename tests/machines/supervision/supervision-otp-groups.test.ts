import { describe, expect, it } from "vitest"
import {
  ABNORMAL,
  NORMAL,
  otpFlags,
  runningRig,
  SHUTDOWN,
  supervisionRig,
} from "../../support/supervision-rig.ts"

/* The cases of Erlang/OTP's supervisor_SUITE about groups, by its own names; the others: supervision-otp.test.ts. */
const { rest, all } = otpFlags

describe("a group", () => {
  it("one_for_all: all others stop, the last first, and all start again in order", () => {
    const top = runningRig(all, { id: "a" }, { id: "b" }, { id: "c" })
    top.down("b")
    top.down("c", SHUTDOWN)
    top.down("a", SHUTDOWN)
    for (const id of ["a", "b", "c"]) top.up(id)
    expect(top.doings()).toEqual(["stop c", "stop a", "start a", "start b", "start c"])
    expect(top.state().restartsAtMs).toEqual([0])
    expect(top.state().children.map(({ restarts }) => restarts)).toEqual([1, 1, 1])
  })

  it("rest_for_one: those after it stop and start again with it, those before it never notice", () => {
    const top = runningRig(rest, { id: "a" }, { id: "b" }, { id: "c" })
    top.down("b")
    top.down("c", SHUTDOWN)
    top.up("b")
    top.up("c")
    expect(top.doings()).toEqual(["stop c", "start b", "start c"])
    expect(top.child("a")).toMatchObject({ phase: "running", incarnation: 1 })
    top.down("c")
    top.up("c")
    top.down("b")
    expect(top.state().end?.type).toBe("escalated")
  })

  it("one_for_all_other_child_fails_restart: one that was started again already is stopped, and all start once more", () => {
    const top = runningRig({ ...all, intensity: 3 }, { id: "a" }, { id: "b" })
    top.down("a")
    top.down("b", SHUTDOWN)
    top.up("a")
    top.fault("b")
    top.down("a", SHUTDOWN)
    top.up("a")
    top.up("b")
    expect(top.doings()).toEqual(["stop b", "start a", "start b", "stop a", "start a", "start b"])
    expect(top.state().restartsAtMs).toHaveLength(2)
  })

  it("rest_for_one_other_child_fails_restart: one that was started again already is left alone", () => {
    const top = runningRig({ ...rest, intensity: 3 }, { id: "a" }, { id: "b" })
    top.down("a")
    top.down("b", SHUTDOWN)
    top.up("a")
    top.fault("b")
    top.up("b")
    expect(top.doings()).toEqual(["stop b", "start a", "start b", "start b"])
  })

  it("while it is brought down, a member that goes by itself is not one more restart", () => {
    const top = runningRig({ ...all, intensity: 1 }, { id: "a" }, { id: "b" }, { id: "c" })
    top.down("a")
    top.down("b")
    top.down("c", ABNORMAL)
    expect(top.doings()).toEqual(["stop c", "start a"])
    expect(top.contexts()).toEqual([])
    expect(top.state().restartsAtMs).toEqual([0])
  })

  it("while it starts again, a member before it that dies takes it down once more, as one more restart", () => {
    const top = runningRig(rest, { id: "a" }, { id: "b" }, { id: "c" })
    top.down("b")
    top.down("c", SHUTDOWN)
    top.down("a")
    expect(top.doings()).toEqual(["stop c", "start b", "stop b"])
    top.down("b", SHUTDOWN)
    for (const id of ["a", "b", "c"]) top.up(id)
    expect(top.doings()).toEqual(["start a", "start b", "start c"])
    expect(top.state().restartsAtMs).toHaveLength(2)
  })

  it("stops at once and starts after the back-off, of which there is one at a time", () => {
    const flags = { ...rest, intensity: 5, backoffMs: 100, maxBackoffMs: 1000 }
    const top = runningRig(flags, { id: "a" }, { id: "b" })
    top.down("b")
    top.up("b")
    top.down("b")
    expect(top.doings()).toEqual(["start b", "set b"])
    top.down("a")
    expect(top.doings()).toEqual(["set a", "clear b"])
    expect(top.phases()).toBe("a backing-off, b idle")
    top.due("b")
    expect(top.doings()).toEqual([])
    top.due("a")
    top.up("a")
    expect(top.doings()).toEqual(["start a", "start b"])
    top.up("b")
    top.down("a")
    top.due("a")
    expect(top.doings()).toEqual(["set a", "stop b"])
    top.down("b", SHUTDOWN)
    expect(top.doings()).toEqual(["start a"])
  })

  it("tree, in part: a transient member that had ended comes back with its group, one that was told to stop does not", () => {
    const top = runningRig(
      all,
      { id: "a" },
      { id: "b", restart: "transient" },
      { id: "c" },
      { id: "d", start: "on-demand" },
    )
    top.down("b", NORMAL)
    top.unwanted("c")
    top.down("c", SHUTDOWN)
    top.down("a")
    top.up("a")
    top.up("b")
    expect(top.phases()).toBe("a running, b running, c idle, d idle")
  })

  it("a request waits for its turn, and joins a restart that is under way", () => {
    const top = runningRig(rest, { id: "a" }, { id: "b", start: "on-demand" }, { id: "c" })
    top.down("a")
    top.wanted("b")
    top.down("c", SHUTDOWN)
    expect(top.doings()).toEqual(["stop c", "start a"])
    top.up("a")
    expect(top.doings()).toEqual(["start b"])
    top.fault("b")
    top.up("c")
    expect(top.phases()).toBe("a running, b idle, c running")
    expect(top.state().restartsAtMs).toHaveLength(1)
  })

  it("a member that dies before the supervisor is up is restarted, and the start goes on", () => {
    const top = supervisionRig(rest, { id: "a" }, { id: "b" }, { id: "c" })
    top.send({ type: "supervisor.start" })
    top.up("a")
    top.down("a")
    top.down("b", SHUTDOWN)
    for (const id of ["a", "b", "c"]) top.up(id)
    expect(top.doings()).toEqual(["start a", "start b", "stop b", "start a", "start b", "start c"])
    expect(top.state()).toMatchObject({ mode: "running", restartsAtMs: [0] })
  })
})
