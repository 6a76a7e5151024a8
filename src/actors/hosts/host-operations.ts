import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import type { Clock } from "../../ports/clock.ts"
import type { ToHost } from "../../ports/host-protocol.ts"
import { within } from "../timing.ts"
import type { Answer, HostConnection } from "./host-connection.ts"
import { HostFailure, type HostHandle } from "./host-handle.ts"

interface Operation<A> {
  readonly message: (id: number) => ToHost
  readonly deadlineMs: number
  readonly what: string
  readonly onChunk?: ((value: unknown) => void) | undefined
  /** The answer's content, or undefined if it is an answer to something else. */
  readonly content: (answer: Answer) => A | undefined
}

/**
 * What a host can be asked. One operation at a time, first come first served: the engine has one thread, and audio
 * that waits here can still be taken back.
 */
export const makeHostOperations = (options: {
  readonly connection: HostConnection
  readonly kill: (detail: string) => void
  readonly clock: Clock
  readonly host: string
  readonly cancelGraceMs: number
}): Pick<HostHandle, "load" | "infer" | "unload" | "ping"> & { isBusy(): boolean } => {
  const { connection, kill, clock, host, cancelGraceMs } = options
  const turn = Semaphore.makeUnsafe(1)
  let busy = false

  const over = Effect.suspend(() => {
    busy = false
    return Effect.asVoid(Semaphore.release(turn, 1))
  })

  const perform = <A>(operation: Operation<A>): Effect.Effect<A, HostFailure> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(Semaphore.take(turn, 1))
        busy = true
        let interrupted = false
        const onChunk = operation.onChunk
        const { id, answer } = connection.request(
          operation.message,
          onChunk === undefined ? undefined : (value) => (interrupted ? undefined : onChunk(value)),
        )
        const inTime = within(answer, {
          clock,
          ms: operation.deadlineMs,
          late: () => Effect.fail(overdue(operation)),
        }).pipe(
          // After the race is decided: the kill ends all that is open, this answer too.
          Effect.tapError(({ code, message }) =>
            Effect.sync(() => {
              if (code === "deadline") kill(message)
            }),
          ),
        )
        return yield* restore(inTime).pipe(
          Effect.flatMap((found) => contentOf(operation, found)),
          Effect.onExit((exit) => {
            const abandoned = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
            if (!abandoned) return over
            interrupted = true
            connection.tell({ type: "cancel", id })
            // In the background: whoever interrupted must not wait for a blocked engine.
            return Effect.asVoid(Effect.forkDetach(settle(answer, operation.what)))
          }),
        )
      }),
    )

  /** Keeps the turn until the cancelled operation is over; the result is dropped. */
  const settle = (answer: Effect.Effect<Answer, HostFailure>, what: string): Effect.Effect<void> =>
    within(Effect.exit(answer), {
      clock,
      ms: cancelGraceMs,
      late: () =>
        Effect.flatMap(
          Effect.sync(() => kill(`${what} ran on for ${cancelGraceMs} ms after it was cancelled`)),
          () => Effect.exit(answer),
        ),
    }).pipe(Effect.andThen(over))

  const overdue = ({ what, deadlineMs }: Operation<unknown>): HostFailure =>
    new HostFailure({ host, code: "deadline", message: `${what} took longer than ${deadlineMs} ms` })

  const contentOf = <A>({ content, what }: Operation<A>, answer: Answer): Effect.Effect<A, HostFailure> =>
    Effect.suspend(() => {
      const found = content(answer)
      if (found !== undefined) return Effect.succeed(found)
      kill(`${what} was answered by "${answer.type}"`)
      const message = `Host "${host}" answered ${what} by "${answer.type}" and was killed.`
      return Effect.fail(new HostFailure({ host, code: "died", message }))
    })

  return {
    isBusy: () => busy,
    load: ({ model, engine, options, deadlineMs }) =>
      perform({
        message: (id) => ({ type: "load", id, model, engine, options }),
        deadlineMs,
        what: `loading ${model}`,
        content: (answer) =>
          answer.type === "loaded"
            ? { loadMs: answer.loadMs, notice: answer.notice, placement: answer.placement }
            : undefined,
      }),
    infer: ({ model, input, deadlineMs, onChunk }) =>
      perform({
        message: (id) => ({ type: "infer", id, model, input }),
        deadlineMs,
        what: `an inference by ${model}`,
        onChunk,
        content: (answer) =>
          answer.type === "done" ? { value: answer.value, inferenceMs: answer.inferenceMs } : undefined,
      }),
    unload: (model, deadlineMs) =>
      perform({
        message: (id) => ({ type: "unload", id, model }),
        deadlineMs,
        what: `unloading ${model}`,
        content: (answer) => (answer.type === "unloaded" ? true : undefined),
      }).pipe(Effect.asVoid),
    ping: Effect.suspend(() => {
      const sentAt = clock.now()
      const { answer } = connection.request((id) => ({ type: "ping", id }))
      return Effect.map(answer, () => clock.now() - sentAt)
    }),
  }
}
