import * as Effect from "effect/Effect"
import { exitOf } from "../../machines/supervision/supervision-end.ts"
import type { Child, Handle } from "../../ports/child.ts"
import { StartError } from "./start-error.ts"
import {
  makeSupervisor,
  type SupervisedHandle,
  type Supervisor,
  type SupervisorOptions,
} from "./supervisor.ts"

/** A supervisor as somebody's child. */
export interface SubtreeHandle<H extends Handle> extends Handle {
  readonly supervisor: Supervisor<H>
}

/**
 * A supervisor to be supervised: up when its own children are, and started anew, with all of them, when it ended. Its
 * end is a shutdown to its parent whatever the cause, so a `transient` one that escalates stays down, as in OTP. Give it
 * the shutdown `infinity`, since its children have their own; stopped with less, what is left by then is killed.
 */
export const subtree = <H extends SupervisedHandle>(
  options: SupervisorOptions<H>,
): Child<SubtreeHandle<H>> => ({
  id: options.id,
  start: () =>
    Effect.gen(function* () {
      const supervisor = yield* makeSupervisor(options)
      yield* Effect.mapError(
        supervisor.started,
        (cause) => new StartError({ child: options.id, message: cause.message, cause }),
      )
      return {
        supervisor,
        exited: Effect.map(supervisor.ended, (end) => exitOf(options.id, end)),
        stop: (ms) => supervisor.stop(ms),
      }
    }),
})
