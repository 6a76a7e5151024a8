import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { SimulatedClock } from "xstate"
import { makeTurnLeases } from "../../../src/actors/residency/turn-leases.ts"
import type { Leases, Refused, Residency } from "../../../src/ports/residency.ts"
import { openResidency } from "../../support/open-residency.ts"

const IDLE_MS = 1000

/** Turn leases over a ledger that answers as the test wants, with what is held and what was told. */
const rig = async (answer: Effect.Effect<Leases, Refused> = Effect.succeed([])) => {
  const clock = new SimulatedClock()
  const asked: string[] = []
  const held = new Set<string>()
  const conversation: boolean[] = []
  const residency: Residency = {
    ...openResidency,
    acquire: (models, holder) => {
      const turnId = holder.type === "turn" ? holder.turnId : "none"
      asked.push(`${turnId}: ${models.join(" ")}`)
      return Effect.tap(answer, () =>
        Effect.acquireRelease(
          Effect.sync(() => held.add(turnId)),
          () => Effect.sync(() => held.delete(turnId)),
        ),
      )
    },
  }
  const scope = Scope.makeUnsafe()
  const leases = await Effect.runPromise(
    Scope.provide(
      makeTurnLeases({
        residency,
        conversation: (active) => conversation.push(active),
        idleMs: IDLE_MS,
        clock: {
          now: () => clock.now(),
          setTimeout: (fn, ms) => clock.setTimeout(fn, ms),
          clearTimeout: (timer) => clock.clearTimeout(Number(timer)),
        },
      }),
      scope,
    ),
  )
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  const begin = async (id: string, models = Effect.succeed<readonly string[]>(["stt", "tts", "llm"])) => {
    leases.begin(id, models)
    await tick()
  }
  const end = async () => {
    leases.end()
    await tick()
  }
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  return { clock, asked, held, conversation, begin, end, close, tick }
}

describe("the leases of a turn", () => {
  it("are asked for together, once, and end with the turn", async () => {
    const { asked, held, begin, end } = await rig()
    await begin("a")
    await begin("a")
    expect(asked).toEqual(["a: stt tts llm"])
    expect([...held]).toEqual(["a"])
    await end()
    await end()
    expect([...held]).toEqual([])
  })

  it("give way to those of a turn that follows without a rest", async () => {
    const { held, begin } = await rig()
    await begin("a")
    await begin("b")
    expect([...held]).toEqual(["b"])
  })

  it("that were not granted by the end of the turn are given up", async () => {
    let withdrawn = 0
    const waiting = Effect.onInterrupt(Effect.never, () => Effect.sync(() => withdrawn++))
    const { held, begin, end } = await rig(waiting)
    await begin("a")
    await end()
    expect(withdrawn).toBe(1)
    expect([...held]).toEqual([])
  })

  it("are not asked for when the turn ended while it was found out which language model answers", async () => {
    const { asked, begin, end } = await rig()
    await begin("a", Effect.never)
    await end()
    expect(asked).toEqual([])
  })

  it("that are refused do no harm: whoever needs a model says why it has none", async () => {
    const { held, begin, end, conversation } = await rig(
      Effect.fail({ _tag: "Refused", reason: "A game has the memory." }),
    )
    await begin("a")
    expect([...held]).toEqual([])
    await end()
    await begin("b")
    expect(conversation).toEqual([true, true])
  })

  it("end with the scope", async () => {
    const { held, begin, close } = await rig()
    await begin("a")
    await close()
    expect([...held]).toEqual([])
  })
})

describe("a conversation", () => {
  it("is over when no turn began for its time, counted from the end of the last", async () => {
    const { clock, conversation, begin, end } = await rig()
    await begin("a")
    clock.increment(5 * IDLE_MS)
    await end()
    clock.increment(IDLE_MS - 1)
    await begin("b")
    clock.increment(5 * IDLE_MS)
    expect(conversation).toEqual([true, true])
    await end()
    clock.increment(IDLE_MS - 1)
    expect(conversation).toEqual([true, true])
    clock.increment(1)
    expect(conversation).toEqual([true, true, false])
  })

  it("says nothing more once its scope is closed", async () => {
    const { clock, conversation, begin, end, close } = await rig()
    await begin("a")
    await end()
    await close()
    clock.increment(5 * IDLE_MS)
    expect(conversation).toEqual([true])
  })
})
