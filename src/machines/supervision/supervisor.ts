import { setup } from "xstate"
import { supervise, superviseNothing } from "./supervision.ts"
import type {
  ChildSpec,
  SupervisionCommand,
  SupervisionEvent,
  SupervisionState,
  SupervisorFlags,
} from "./supervision-types.ts"

type Emitted = Exclude<SupervisionCommand, { readonly type: "timer.set" | "timer.clear" }>

const supervisorSetup = setup({
  types: {
    input: {} as {
      readonly id: string
      readonly children: readonly ChildSpec[]
      readonly flags?: SupervisorFlags
    },
    context: {} as SupervisionState,
    events: {} as SupervisionEvent,
    emitted: {} as Emitted,
  },
  guards: {
    everyChildHadItsStart: ({ context }) => context.mode === "running",
    isToEnd: ({ context }) => context.mode === "stopping" || context.mode === "stopped",
    everyChildIsDown: ({ context }) => context.mode === "stopped",
  },
})

const decide = supervisorSetup.enqueueActions(({ context, event, enqueue }) => {
  const { state, commands } = supervise(context, event)
  enqueue.assign(state)
  for (const command of commands) {
    switch (command.type) {
      case "timer.set":
        enqueue.raise(
          { type: "child.restart-due", id: command.id },
          { id: `restart ${command.id}`, delay: command.delayMs },
        )
        break
      case "timer.clear":
        enqueue.cancel(`restart ${command.id}`)
        break
      default:
        enqueue.emit(command)
    }
  }
})

/** What may happen before the end is decided. */
const whileUp = {
  "child.*": { actions: "decide" },
  "supervisor.stop": { target: "stopping", actions: "decide" },
  "supervisor.kill": { target: "stopping", actions: "decide" },
} as const

/**
 * The supervisor as a machine: `supervision.ts` decides, this keeps the state and the back-off timers, and what is to be
 * done outside is emitted as `child.start`, `child.stop` and `report` for the adapter. It ends when it is told to, or of
 * its own accord: past its intensity, or with a significant child.
 */
export const supervisorMachine = supervisorSetup.extend({ actions: { decide } }).createMachine({
  id: "supervisor",
  context: ({ input }) => superviseNothing(input.id, input.children, input.flags),
  initial: "created",
  states: {
    created: {
      on: { "supervisor.start": { target: "starting", actions: "decide" } },
    },
    starting: {
      always: [
        { guard: "isToEnd", target: "stopping" },
        { guard: "everyChildHadItsStart", target: "running" },
      ],
      on: whileUp,
    },
    running: {
      always: { guard: "isToEnd", target: "stopping" },
      on: whileUp,
    },
    stopping: {
      always: { guard: "everyChildIsDown", target: "stopped" },
      on: {
        "child.*": { actions: "decide" },
        "supervisor.kill": { actions: "decide" },
      },
    },
    stopped: { type: "final" },
  },
})
