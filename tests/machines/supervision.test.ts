import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { supervise, superviseNothing } from "../../src/machines/supervision.ts"
import {
  type ChildSpec,
  childSpec,
  type SupervisionCommand,
  type SupervisionEvent,
  type SupervisionState,
} from "../../src/machines/supervision-types.ts"
import type { ExitReason } from "../../src/ports/child.ts"

/** The cases are those of Erlang/OTP's supervisor_SUITE that concern one_for_one; the names are its own. */
const policy = { intensity: 2, periodMs: 10_000, backoffMs: 100, maxBackoffMs: 1000, breakerMs: 30_000 }

const rig = (...specs: (Pick<ChildSpec, "id"> & Partial<ChildSpec>)[]) => {
  let state: SupervisionState = superviseNothing(
    "top",
    specs.map((spec) => childSpec({ policy, ...spec })),
  )
  let nowMs = 0
  const commands: SupervisionCommand[] = []
  const send = (event: SupervisionEvent): void => {
    const step = supervise(state, event)
    state = step.state
    commands.push(...step.commands)
  }
  const child = (id: string) => {
    const found = state.children.find(({ spec }) => spec.id === id)
    if (found === undefined) throw new Error(`no child ${id}`)
    return found
  }
  const about = (id: string) => ({ id, incarnation: child(id).incarnation, nowMs })
  const doings = () =>
    commands
      .splice(0)
      .flatMap((command) =>
        command.type === "report" ? [] : [`${command.type.split(".")[1]} ${command.id}`],
      )
  return {
    send,
    child,
    doings,
    state: () => state,
    commands,
    at: (ms: number) => {
      nowMs = ms
    },
    up: (id: string) => send({ type: "child.started", ...about(id), pid: 1 }),
    down: (id: string, reason: ExitReason = { type: "crashed", error: "test" }) =>
      send({ type: "child.exited", ...about(id), reason }),
    fault: (id: string) => send({ type: "child.start-failed", ...about(id), message: "faulty start" }),
    wanted: (id: string) => send({ type: "child.wanted", id, nowMs }),
    about,
  }
}

const running = (...specs: (Pick<ChildSpec, "id"> & Partial<ChildSpec>)[]) => {
  const top = rig(...specs)
  top.send({ type: "supervisor.start" })
  for (const { id, start } of specs) if (start !== "on-demand") top.up(id)
  top.commands.splice(0)
  return top
}

const NORMAL: ExitReason = { type: "normal" }
const ABNORMAL: ExitReason = { type: "killed", signal: "SIGKILL" }

describe("a one_for_one supervisor", () => {
  it("starts its children in order, each when the one before is up", () => {
    const top = rig({ id: "a" }, { id: "b" }, { id: "c" })
    top.send({ type: "supervisor.start" })
    expect(top.doings()).toEqual(["start a"])
    top.up("a")
    expect(top.doings()).toEqual(["start b"])
    top.up("b")
    expect(top.doings()).toEqual(["start c"])
  })

  it.each([
    ["permanent_normal", "permanent", NORMAL, "starting"],
    ["permanent_shutdown", "permanent", { type: "shutdown" }, "starting"],
    ["permanent_abnormal", "permanent", ABNORMAL, "starting"],
    ["transient_normal", "transient", NORMAL, "ended"],
    ["transient_shutdown", "transient", { type: "shutdown" }, "ended"],
    ["transient_abnormal", "transient", ABNORMAL, "starting"],
    ["transient_hung", "transient", { type: "hung", detail: "" }, "starting"],
    ["temporary_normal", "temporary", NORMAL, "ended"],
    ["temporary_shutdown", "temporary", { type: "shutdown" }, "ended"],
    ["temporary_abnormal", "temporary", ABNORMAL, "ended"],
  ] as const)("%s", (_, restart, reason, phase) => {
    const top = running({ id: "a", restart })
    top.down("a", reason)
    expect(top.child("a").phase).toBe(phase)
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

  it("whatever happens, no child has two lives at once and a stop comes to an end", () => {
    const kinds = ["up", "down", "fault", "due", "wanted", "unwanted", "late"] as const
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("a", "b", "c"), fc.nat(3000)), {
          maxLength: 80,
        }),
        (events) => {
          const top = rig({ id: "a" }, { id: "b", restart: "transient" }, { id: "c", start: "on-demand" })
          const alive = new Map<string, number>()
          let nowMs = 0
          const settle = () => {
            for (const command of top.commands.splice(0)) {
              if (command.type !== "child.start") continue
              expect(alive.has(command.id)).toBe(false)
              alive.set(command.id, command.incarnation)
            }
          }
          const end = (id: string, how: "down" | "fault") => {
            if (!alive.delete(id)) return
            top[how](id)
            settle()
          }
          top.send({ type: "supervisor.start" })
          settle()
          for (const [kind, id, gap] of events) {
            nowMs += gap
            top.at(nowMs)
            const { phase } = top.child(id)
            if (kind === "up" && phase === "starting") top.up(id)
            else if (kind === "down") end(id, "down")
            else if (kind === "fault" && phase === "starting") end(id, "fault")
            else if (kind === "due") top.send({ type: "child.restart-due", id })
            else if (kind === "wanted") top.wanted(id)
            else if (kind === "unwanted") top.send({ type: "child.unwanted", id })
            else if (kind === "late")
              top.send({ type: "child.exited", ...top.about(id), incarnation: 0, reason: NORMAL })
            settle()
          }
          top.send({ type: "supervisor.stop" })
          for (let turn = 0; turn < 5 && top.state().mode !== "stopped"; turn++) {
            for (const { spec, phase } of top.state().children) if (phase === "stopping") end(spec.id, "down")
          }
          expect(top.state().mode).toBe("stopped")
          expect([...alive]).toEqual([])
        },
      ),
    )
  })
})
