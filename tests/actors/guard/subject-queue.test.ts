import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { SubjectQueue } from "../../../src/actors/guard/subject-queue.ts"
import { tick } from "../../support/nursery.ts"

describe("the queue for a subject", () => {
  it("lets one after the other in, in the order they came, and each subject by itself", () =>
    Effect.gen(function* () {
      const queue = new SubjectQueue()
      const order: string[] = []
      const enter = (subject: string, id: string) =>
        Effect.forkChild(
          Effect.andThen(
            queue.enter(subject, id),
            Effect.sync(() => order.push(id)),
          ),
        )
      yield* enter("a", "1")
      yield* enter("a", "2")
      yield* enter("a", "3")
      yield* enter("b", "4")
      yield* tick
      expect(order).toEqual(["1", "4"])
      queue.leave("a", "1")
      queue.leave("a", "1")
      yield* tick
      expect(order).toEqual(["1", "4", "2"])
      queue.leave("a", "2")
      yield* tick
      expect(order).toEqual(["1", "4", "2", "3"])
    }).pipe(Effect.runPromise))

  it("forgets one that left while it waited", () =>
    Effect.gen(function* () {
      const queue = new SubjectQueue()
      const order: string[] = []
      yield* queue.enter("a", "1")
      const waiting = yield* Effect.forkChild(queue.enter("a", "2"))
      yield* Effect.forkChild(
        Effect.andThen(
          queue.enter("a", "3"),
          Effect.sync(() => order.push("3")),
        ),
      )
      yield* tick
      yield* Fiber.interrupt(waiting)
      queue.leave("a", "2")
      queue.leave("a", "1")
      queue.leave("b", "9")
      yield* tick
      expect(order).toEqual(["3"])
    }).pipe(Effect.runPromise))
})
