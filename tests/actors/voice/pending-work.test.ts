import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, it } from "vitest"
import { PendingWork } from "../../../src/actors/voice/pending-work.ts"

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false
  void promise.then(() => {
    done = true
  })
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  return done
}

it("is quiescent while nothing is under way", async () => {
  await new PendingWork().quiescent()
})

it("waits for the last of the effects, whichever ends first", async () => {
  const pending = new PendingWork()
  const [one, two] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
  for (const each of [one, two]) Effect.runFork(pending.track(Deferred.await(each)))
  const quiet = pending.quiescent()
  Deferred.doneUnsafe(two, Effect.void)
  expect(await settled(quiet)).toBe(false)
  Deferred.doneUnsafe(one, Effect.void)
  expect(await settled(quiet)).toBe(true)
})

it("counts an effect as ended when it fails, dies or is interrupted", async () => {
  const pending = new PendingWork()
  await Effect.runPromiseExit(pending.track(Effect.fail("no")))
  await Effect.runPromiseExit(pending.track(Effect.die("no")))
  const fiber = Effect.runFork(pending.track(Effect.never))
  const quiet = pending.quiescent()
  expect(await settled(quiet)).toBe(false)
  await Effect.runPromise(Fiber.interrupt(fiber))
  expect(await settled(quiet)).toBe(true)
})

it("goes on waiting when the result of one begins the next", async () => {
  const pending = new PendingWork()
  const [first, second] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
  Effect.runFork(
    pending.track(Deferred.await(first)).pipe(Effect.andThen(pending.track(Deferred.await(second)))),
  )
  const quiet = pending.quiescent()
  Deferred.doneUnsafe(first, Effect.void)
  expect(await settled(quiet)).toBe(false)
  Deferred.doneUnsafe(second, Effect.void)
  expect(await settled(quiet)).toBe(true)
})
