import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { expect, test, vi } from "vitest"
import { type AnyEventObject, createActor, createMachine } from "xstate"
import { fromStream } from "../../src/actors/bridge.ts"

test("an event is completed when the parent gets it, not when it was made", async () => {
  let now = 1
  const made = Stream.fromEffect(Effect.sync(() => ({ type: "noticed", nowMs: now }))).pipe(
    // Work that follows the event in the same breath, as the answer follows what was understood.
    Stream.tap(() =>
      Effect.sync(() => {
        now = 2
      }),
    ),
  )
  const got: AnyEventObject[] = []
  const actor = createActor(
    createMachine({
      invoke: {
        src: fromStream(
          () => made,
          (event) => ({ ...event, nowMs: now }),
        ),
      },
      on: { noticed: { actions: ({ event }) => got.push(event) } },
    }),
  )
  actor.start()
  await vi.waitFor(() => expect(got).toEqual([{ type: "noticed", nowMs: 2 }]))
  actor.stop()
})
