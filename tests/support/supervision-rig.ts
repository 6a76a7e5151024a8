import { supervise, superviseNothing } from "../../src/machines/supervision/supervision.ts"
import {
  type ChildSpec,
  childSpec,
  type SupervisionCommand,
  type SupervisionEvent,
  type SupervisorFlags,
  supervisorFlags,
} from "../../src/machines/supervision/supervision-types.ts"
import type { ExitReason } from "../../src/ports/child.ts"

export type Spec = Pick<ChildSpec, "id"> & Partial<ChildSpec>

export const NORMAL: ExitReason = { type: "normal" }
export const SHUTDOWN: ExitReason = { type: "shutdown" }
export const ABNORMAL: ExitReason = { type: "killed", signal: "SIGKILL" }

const escalating = { pastIntensity: "escalate", intensity: 2, periodMs: 3_600_000, backoffMs: 0 } as const

/** As in OTP's cases: each past its intensity with the third restart in an hour. */
export const otpFlags: Readonly<Record<"one" | "rest" | "all", Partial<SupervisorFlags>>> = {
  one: { strategy: "one_for_one", ...escalating },
  rest: { strategy: "rest_for_one", ...escalating },
  all: { strategy: "one_for_all", ...escalating },
}

/** The pure core with its commands kept, and the children's side of it played by the test. Time is a number. */
export const supervisionRig = (flags: Partial<SupervisorFlags>, ...specs: readonly Spec[]) => {
  let state = superviseNothing(
    "top",
    specs.map((spec) => childSpec(spec)),
    supervisorFlags(flags),
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
  return {
    send,
    child,
    about,
    commands,
    state: () => state,
    now: () => nowMs,
    at: (ms: number) => {
      nowMs = ms
    },
    up: (id: string) => send({ type: "child.started", ...about(id), pid: 1 }),
    down: (id: string, reason: ExitReason = ABNORMAL) => send({ type: "child.exited", ...about(id), reason }),
    fault: (id: string) => send({ type: "child.start-failed", ...about(id), message: "faulty start" }),
    ignore: (id: string) => send({ type: "child.start-ignored", ...about(id) }),
    due: (id: string) => send({ type: "child.restart-due", id }),
    wanted: (id: string) => send({ type: "child.wanted", id, nowMs }),
    unwanted: (id: string) => send({ type: "child.unwanted", id }),
    phases: () => state.children.map(({ spec, phase }) => `${spec.id} ${phase}`).join(", "),
    /** What was to be done since the last call: `start a`, `stop b`, `set a`, `clear a`. */
    doings: () =>
      commands
        .splice(0)
        .flatMap((command) =>
          command.type === "report" ? [] : [`${command.type.split(".")[1]} ${command.id}`],
        ),
    contexts: () =>
      commands.flatMap((command) =>
        command.type === "report" ? [`${command.report.context} ${command.report.child}`] : [],
      ),
  }
}

/** The same with all children up. */
export const runningRig = (flags: Partial<SupervisorFlags>, ...specs: readonly Spec[]) => {
  const top = supervisionRig(flags, ...specs)
  top.send({ type: "supervisor.start" })
  for (const { id, start } of specs) if (start !== "on-demand") top.up(id)
  top.commands.splice(0)
  return top
}
