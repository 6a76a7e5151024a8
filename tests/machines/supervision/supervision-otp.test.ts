import { describe, expect, it } from "vitest"
import {
  ABNORMAL,
  NORMAL,
  otpFlags,
  runningRig,
  SHUTDOWN,
  type Spec,
  supervisionRig,
} from "../../support/supervision-rig.ts"

/*
 * The cases of Erlang/OTP's supervisor_SUITE, by its own names, for the decisions. Its other cases are
 * - in supervision-otp-restarts.test.ts: those of the intensity, and of restarts that hang;
 * - in supervision-otp-groups.test.ts: those of groups;
 * - in supervision-check.test.ts: sup_flags, child_specs, child_specs_map, sup_start_map, sup_start_map_faulty_specs;
 * - in supervision-significant.test.ts: the significant children;
 * - in tests/actors/: sup_start_fail, sup_start_normal, sup_stop_timeout, child_unlink, tree, faulty_application_shutdown,
 *   significant_escalation, simple_global_supervisor, and the not_found of child_adm;
 * - in tests/integration/wyoming.test.ts: already_started_outside_supervisor, as an address where something else listens;
 * - not applicable here:
 *   *_simple, *_dynamic, simple_one_for_one*, count_children, count_children_supervisor, count_restarting_children: children are named up front, there is
 *     no simple_one_for_one;
 *   sup_start_ignore_init, sup_start_error_return: there is no init callback;
 *   sup_start_ignore_temporary_child_start_child, sup_start_child_returns_error, do_not_save_start_parameters_for_temporary_children:
 *     there is no start_child with a new spec, and a spec holds nothing large;
 *   code_change*, significant_upgrade_*, get_callback_module: no code is replaced while it runs;
 *   format_log_*: reports are data, whoever prints them decides how;
 *   scale_start_stop_many_children: a tree here has a dozen children.
 */
const { one, rest, all } = otpFlags

describe("the start of a supervisor", () => {
  it("sup_start_normal: without children it is up at once, and stops at once", () => {
    const top = supervisionRig(one)
    top.send({ type: "supervisor.start" })
    expect(top.state().mode).toBe("running")
    top.send({ type: "supervisor.stop" })
    expect(top.state()).toMatchObject({ mode: "stopped", end: { type: "stopped" } })
  })

  it("sup_start_ignore_child: a child with nothing to run is kept, down, and the next one starts", () => {
    const top = supervisionRig(one, { id: "a" }, { id: "b" })
    top.send({ type: "supervisor.start" })
    top.ignore("a")
    top.up("b")
    expect(top.phases()).toBe("a idle, b running")
    expect(top.state().mode).toBe("running")
    expect(top.contexts()).toEqual(["start-ignored a", "started b"])
    top.wanted("a")
    expect(top.child("a")).toMatchObject({ phase: "starting", restarts: 0 })
  })

  it("sup_start_ignore_temporary_child: so is a temporary one", () => {
    const top = supervisionRig(one, { id: "a", restart: "temporary" }, { id: "b" })
    top.send({ type: "supervisor.start" })
    top.ignore("a")
    expect(top.phases()).toBe("a idle, b starting")
  })

  it("sup_start_restart_child_returns_error: a request whose start fails is not repeated and does not count", () => {
    const top = runningRig(one, { id: "a" })
    top.unwanted("a")
    top.down("a", SHUTDOWN)
    top.wanted("a")
    top.fault("a")
    expect(top.child("a")).toMatchObject({ phase: "idle", lastExit: { error: "faulty start" } })
    expect(top.state().restartsAtMs).toEqual([])
  })

  it.each([one, rest, all])(
    "sup_start_fail: a child that cannot start stops those before it and ends the supervisor ($strategy)",
    (flags) => {
      const top = supervisionRig(flags, { id: "a" }, { id: "b" }, { id: "c" })
      top.send({ type: "supervisor.start" })
      top.up("a")
      top.fault("b")
      expect(top.doings()).toEqual(["start a", "start b", "stop a"])
      top.down("a", SHUTDOWN)
      expect(top.state()).toMatchObject({
        mode: "stopped",
        end: { type: "start-failed", child: "b", reason: { error: "faulty start" } },
      })
    },
  )

  it("order_of_children: they start in the order given, and stop in the opposite one", () => {
    const ids = ["ch7", "ch3", "ch10", "ch2", "ch5"]
    const top = supervisionRig(rest, ...ids.map((id) => ({ id })))
    top.send({ type: "supervisor.start" })
    for (const id of ids) top.up(id)
    expect(top.doings()).toEqual(ids.map((id) => `start ${id}`))
    top.down("ch10")
    top.down("ch5", SHUTDOWN)
    top.down("ch2", SHUTDOWN)
    for (const id of ["ch10", "ch2", "ch5"]) top.up(id)
    expect(top.doings()).toEqual(["stop ch5", "stop ch2", "start ch10", "start ch2", "start ch5"])
    top.send({ type: "supervisor.stop" })
    for (const id of ids.toReversed()) top.down(id, SHUTDOWN)
    expect(top.doings()).toEqual(ids.toReversed().map((id) => `stop ${id}`))
    expect(top.state().mode).toBe("stopped")
  })
})

describe("the stop of a supervisor", () => {
  const stopping = (...specs: readonly Spec[]) => {
    const top = runningRig(one, ...specs)
    top.send({ type: "supervisor.stop" })
    for (const { id } of specs.toReversed()) top.down(id, SHUTDOWN)
    return top.commands.flatMap((command) =>
      command.type === "child.stop" ? [[command.id, command.shutdown]] : [],
    )
  }

  it("sup_stop_infinity, sup_stop_brutal_kill: each child gets its own time", () => {
    expect(
      stopping({ id: "a", shutdown: "infinity" }, { id: "b", shutdown: "brutal" }, { id: "c", shutdown: 70 }),
    ).toEqual([
      ["c", 70],
      ["b", "brutal"],
      ["a", "infinity"],
    ])
  })

  it("sup_stop_race: children that end by themselves meanwhile, for whatever reason, do not disturb the stop", () => {
    const ids = ["a", "b", "c", "d", "z"]
    const top = runningRig(
      one,
      ...ids.map((id) => ({ id, restart: id === "c" ? ("permanent" as const) : ("transient" as const) })),
    )
    top.send({ type: "supervisor.stop" })
    top.down("b", NORMAL)
    top.down("c", ABNORMAL)
    top.down("d", { type: "crashed", error: "other" })
    top.down("z", SHUTDOWN)
    top.down("a", SHUTDOWN)
    expect(top.doings()).toEqual(["stop z", "stop a"])
    expect(top.state().mode).toBe("stopped")
  })

  it("a kill hastens what is on its way down, and spares nobody after it", () => {
    const top = runningRig(one, { id: "a", shutdown: "infinity" }, { id: "b" })
    top.send({ type: "supervisor.stop" })
    top.send({ type: "supervisor.kill" })
    top.down("b", ABNORMAL)
    top.down("a", ABNORMAL)
    expect(top.commands.flatMap((command) => (command.type === "child.stop" ? [command] : []))).toMatchObject(
      [
        { id: "b", shutdown: 2000 },
        { id: "b", shutdown: "brutal" },
        { id: "a", shutdown: "brutal" },
      ],
    )
    expect(top.state()).toMatchObject({ mode: "stopped", end: { type: "stopped" } })
  })
})

describe("a child that is managed by hand", () => {
  it("child_adm, extra_return: it is stopped, stays down, and starts again when it is wanted, once", () => {
    const top = runningRig(one, { id: "a" })
    top.unwanted("a")
    top.unwanted("a")
    top.down("a", SHUTDOWN)
    expect(top.phases()).toBe("a idle")
    top.unwanted("a")
    top.wanted("a")
    top.wanted("a")
    top.up("a")
    expect(top.doings()).toEqual(["stop a", "start a"])
    top.down("a")
    expect(top.phases()).toBe("a starting")
  })

  it.each([
    ["permanent", NORMAL, "starting"],
    ["transient", NORMAL, "ended"],
    ["transient", ABNORMAL, "starting"],
    ["temporary", NORMAL, "ended"],
    ["temporary", ABNORMAL, "ended"],
  ] as const)(
    "do_not_save_child_specs_for_temporary_children: a %s child after %o is %s, and can be asked for",
    (restart, reason, phase) => {
      const top = runningRig(one, { id: "a", restart })
      top.down("a", reason)
      expect(top.child("a").phase).toBe(phase)
      top.wanted("a")
      expect(top.child("a").phase).toBe("starting")
    },
  )
})

describe("how a child ends", () => {
  it.each([
    ["permanent_normal", "permanent", NORMAL, "starting"],
    ["permanent_shutdown", "permanent", { type: "shutdown", detail: "some info" }, "starting"],
    ["permanent_abnormal", "permanent", ABNORMAL, "starting"],
    ["transient_normal", "transient", NORMAL, "ended"],
    ["transient_shutdown", "transient", { type: "shutdown", detail: "some info" }, "ended"],
    ["transient_abnormal", "transient", ABNORMAL, "starting"],
    ["transient_hung", "transient", { type: "hung", detail: "" }, "starting"],
    ["temporary_normal", "temporary", NORMAL, "ended"],
    ["temporary_shutdown", "temporary", SHUTDOWN, "ended"],
    ["temporary_abnormal", "temporary", ABNORMAL, "ended"],
  ] as const)("%s", (_, restart, reason, phase) => {
    for (const pastIntensity of ["break", "escalate"] as const) {
      const top = runningRig({ ...one, pastIntensity }, { id: "a", restart })
      top.down("a", reason)
      expect(top.child("a").phase).toBe(phase)
    }
  })

  it.each([rest, all])(
    "temporary_bystander: one that goes down with its group stays down ($strategy)",
    (flags) => {
      const top = runningRig(
        { ...flags, intensity: 1 },
        { id: "a" },
        { id: "b", restart: "temporary" },
        { id: "c" },
      )
      top.down("a", NORMAL)
      top.down("c", SHUTDOWN)
      top.down("b", SHUTDOWN)
      top.up("a")
      top.up("c")
      expect(top.doings()).toEqual(["stop c", "stop b", "start a", "start c"])
      expect(top.phases()).toBe("a running, b idle, c running")
    },
  )
})
