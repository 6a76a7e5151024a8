import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, it } from "vitest"
import { untilAnswer } from "../../src/actors/until-answer.ts"

const subject = () => {
  const observers = new Set<{ next: () => void }>()
  return {
    observers,
    change: () => {
      for (const { next } of observers) next()
    },
    subscribe: (observer: { next: () => void }) => {
      observers.add(observer)
      return { unsubscribe: () => void observers.delete(observer) }
    },
  }
}

it("answers at once where it can, without listening", async () => {
  const machine = subject()
  expect(await Effect.runPromise(untilAnswer(machine, () => Effect.succeed(1)))).toBe(1)
  expect(machine.observers.size).toBe(0)
})

it("answers once, after the machine has told all its observers, and listens no longer", async () => {
  const machine = subject()
  let value = 0
  let asked = 0
  let resumedDuringChange = true
  const waiting = Effect.runPromise(
    untilAnswer(machine, () => {
      asked++
      if (value === 0) return undefined
      return Effect.sync(() => {
        resumedDuringChange = changing
      })
    }),
  )
  let changing = false
  machine.change()
  value = 1
  changing = true
  machine.change()
  machine.change()
  changing = false
  await waiting
  expect({ asked, resumedDuringChange }).toEqual({ asked: 3, resumedDuringChange: false })
  expect(machine.observers.size).toBe(0)
})

it("listens no longer once it is interrupted", async () => {
  const machine = subject()
  const fiber = Effect.runFork(untilAnswer<never, never>(machine, () => undefined))
  expect(machine.observers.size).toBe(1)
  await Effect.runPromise(Fiber.interrupt(fiber))
  expect(machine.observers.size).toBe(0)
})
