import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { Commitments } from "../../../src/actors/turn/commitments.ts"

const key = (revision: number, turnId = "turn") => ({ turnId, revision })

const watch = (commitments: Commitments, revision: number, turnId?: string) => {
  const seen = { done: false }
  Effect.runFork(
    Effect.map(commitments.wait(key(revision, turnId)), () => {
      seen.done = true
    }),
  )
  return seen
}
const turnOver = () => new Promise((resolve) => setImmediate(resolve))

it("holds a side effect until its revision is committed, and passes it at once afterwards", async () => {
  const commitments = new Commitments()
  const early = watch(commitments, 0)
  await turnOver()
  expect(early.done).toBe(false)
  commitments.commit(key(0))
  await turnOver()
  expect(early.done).toBe(true)
  const late = watch(commitments, 0)
  await turnOver()
  expect(late.done).toBe(true)
})

it("never lets a superseded revision pass, nor another turn", async () => {
  const commitments = new Commitments()
  const [older, other] = [watch(commitments, 0), watch(commitments, 1, "turn-2")]
  commitments.commit(key(1))
  await turnOver()
  expect([older.done, other.done]).toEqual([false, false])
})

it("may be told twice, and forgets a turn with all its revisions", async () => {
  const commitments = new Commitments()
  commitments.commit(key(0))
  commitments.commit(key(0))
  commitments.commit(key(0, "turn-2"))
  commitments.forget("turn")
  const [forgotten, kept] = [watch(commitments, 0), watch(commitments, 0, "turn-2")]
  await turnOver()
  expect([forgotten.done, kept.done]).toEqual([false, true])
})
