import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { type EventObject, fromCallback, fromPromise, type NonReducibleUnknown } from "xstate"

/** How a stream actor ends, told to its parent as its last event. Interruption says nothing. */
export interface StreamFailed {
  readonly type: "stream.failed"
  /** The failure's tag, or "Defect" for a bug. */
  readonly tag: string
  readonly message: string
}

/**
 * Actor logic from an Effect that gives one value. Stopping the actor interrupts the fiber without awaiting it,
 * so an exclusive resource must be taken with a one-permit semaphore inside the effect's own scope.
 */
export const fromEffect = <A, E, I extends NonReducibleUnknown>(run: (input: I) => Effect.Effect<A, E>) =>
  fromPromise<A, I>(({ input, signal }) => Effect.runPromise(run(input), { signal }))

/**
 * Actor logic from a stream of events, each delivered to the parent as it comes. The stream is pulled one event at a
 * time, so a slow parent makes the producer wait; `buffer` lets the producer run at most 64 events ahead. `deliver` is
 * the last to touch an event, at the moment the parent gets it.
 */
export const fromStream = <A extends EventObject, E, I extends NonReducibleUnknown>(
  open: (input: I) => Stream.Stream<A, E>,
  deliver: (event: A) => A = (event) => event,
) =>
  fromCallback<EventObject, I>(({ input, sendBack }) => {
    const run = open(input).pipe(
      Stream.buffer({ capacity: 64 }),
      Stream.runForEach((event) => Effect.sync(() => sendBack(deliver(event)))),
    )
    return Effect.runCallback(run, {
      onExit: (exit) => {
        if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) sendBack(failureEvent(exit.cause))
      },
    })
  })

const failureEvent = (cause: Cause.Cause<unknown>): StreamFailed => {
  const error = Cause.squash(cause)
  const tag = isTagged(error) ? error._tag : "Defect"
  return { type: "stream.failed", tag, message: error instanceof Error ? error.message : tag }
}

const isTagged = (value: unknown): value is { readonly _tag: string } =>
  typeof value === "object" && value !== null && "_tag" in value && typeof value._tag === "string"
