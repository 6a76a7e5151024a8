import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { FRAME_SAMPLES } from "../../audio/format.ts"
import type { AudioFailure, AudioInput } from "../../ports/audio.ts"

const TRY_EVERY = "5 seconds"

/**
 * `silence` until the microphone can be opened, and the microphone from then on: one that is plugged in after the start
 * is as good as one that was there. Tried for as long as the scope lives; positions go on over the change.
 */
export const lateInput = (
  silence: AudioInput,
  open: Effect.Effect<AudioInput, AudioFailure, Scope.Scope>,
): Effect.Effect<AudioInput, never, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = Deferred.makeUnsafe<AudioInput>()
    const outer = yield* Effect.scope
    // What a failed try has taken is given back at once: there may be thousands before the first that works.
    const attempt = Effect.flatMap(Scope.fork(outer), (own) =>
      Effect.onError(Scope.provide(open, own), (cause) => Scope.close(own, Exit.failCause(cause))),
    )
    const keepTrying = Effect.retry(Effect.delay(attempt, TRY_EVERY), Schedule.forever)
    yield* Effect.forkScoped(Effect.flatMap(keepTrying, (input) => Deferred.succeed(opened, input)))
    let nextSample = 0
    const later = Stream.unwrap(
      Effect.map(Deferred.await(opened), ({ frames }) => {
        const offset = nextSample
        return Stream.map(frames, (frame) => ({ ...frame, startSample: frame.startSample + offset }))
      }),
    )
    return {
      frames: silence.frames.pipe(
        Stream.interruptWhen(Effect.asVoid(Deferred.await(opened))),
        Stream.tap(({ startSample }) =>
          Effect.sync(() => {
            nextSample = startSample + FRAME_SAMPLES
          }),
        ),
        Stream.concat(later),
      ),
      health: Stream.unwrap(
        Effect.map(Deferred.await(opened), ({ health }) =>
          Stream.concat(Stream.make({ type: "recovered" } as const), health),
        ),
      ),
    }
  })
