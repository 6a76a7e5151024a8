import { describe, expect, it } from "vitest"
import type { SupervisorFlags } from "../../../src/machines/supervision/supervision-types.ts"
import {
  ABNORMAL,
  NORMAL,
  runningRig,
  SHUTDOWN,
  type Spec,
  supervisionRig,
} from "../../support/supervision-rig.ts"

/*
 * The cases of Erlang/OTP's supervisor_SUITE, by its own names, for the decisions. Its other cases are
 * - in supervision-check.test.ts: sup_flags, child_specs, child_specs_map, sup_start_map, sup_start_map_faulty_specs;
 * - in supervision-significant.test.ts: the significant children;
 * - in tests/actors/: sup_start_fail, sup_start_normal, sup_stop_timeout, child_unlink, tree, faulty_application_shutdown,
 *   significant_escalation, simple_global_supervisor;
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
const escalating = { pastIntensity: "escalate", intensity: 2, periodMs: 3_600_000, backoffMs: 0 } as const
const one: Partial<SupervisorFlags> = { strategy: "one_for_one", ...escalating }
const rest: Partial<SupervisorFlags> = { strategy: "rest_for_one", ...escalating }
const all: Partial<SupervisorFlags> = { strategy: "one_for_all", ...escalating }

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
