import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, it, onTestFinished } from "vitest"
import type { OllamaActorOptions } from "../../../src/actors/models/ollama-actor.ts"
import { makeResidency } from "../../../src/actors/residency/residency.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { lastPart } from "../../support/fake-ollama.ts"
import { ollamaRig } from "../../support/ollama-rig.ts"
import { eventually } from "../../support/processes.ts"
import { type AllocationId, SimulatedGpu } from "../../support/simulated-gpu.ts"
import { simulatedReadings } from "../../support/simulated-readings.ts"

const MIB = 2 ** 20
const BUDGET_MIB = 7020
const SERVER = "ollama runner"

/** What the server holds before Jett asks it for anything. */
interface Held {
  readonly mib: number
  readonly onGpuMib?: number
  readonly contextTokens?: number
  readonly isUntold?: boolean
}

/** The actor with the real ledger and a simulated 8 GB card, on which the server's models take what they would. */
const rig = async (held: Held | undefined, more: Partial<OllamaActorOptions> = {}, loadedMib = 5_000) => {
  const gpu = new SimulatedGpu({
    totalMib: 8192,
    systemMib: 660,
    now: () => monotonicClock.now(),
    release: { delayMs: 60, steps: 2, stepMs: 30 },
  })
  const readings = simulatedReadings(gpu)
  let allocation: AllocationId | undefined
  const take = (mib: number): void => {
    const taken = gpu.allocate(SERVER, mib)
    if (!taken.ok) expect.fail("the simulated GPU is full")
    allocation = taken.id
  }
  const free = (): void => {
    if (allocation !== undefined) gpu.release(allocation)
    allocation = undefined
  }
  /** With which context it is loaded, whether the server tells that or not. */
  let loadedTokens = held?.contextTokens
  if (held !== undefined) take(held.onGpuMib ?? held.mib)
  const scope = Scope.makeUnsafe()
  const ledger = await Effect.runPromise(
    makeResidency({ readings, clock: monotonicClock }).pipe(Scope.provide(scope)),
  )
  const made = await ollamaRig(
    {
      load: (response, body) => {
        const { num_ctx } = JSON.parse(body).options
        if (!made.fake.loaded || loadedTokens !== num_ctx) {
          loadedTokens = num_ctx
          free()
          take(loadedMib)
          const size = loadedMib * MIB
          Object.assign(made.fake, {
            loaded: true,
            resident: { size, size_vram: size, context_length: num_ctx },
          })
        }
        response.end(lastPart("load"))
      },
      unload: (response) => {
        made.fake.loaded = false
        free()
        response.end(lastPart("unload"))
      },
    },
    { residency: ledger, readings, weightsMib: 4_700, ...more },
  )
  // After the actor's own scope: its leases end first.
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  if (held !== undefined) {
    const resident = { size: held.mib * MIB, size_vram: (held.onGpuMib ?? held.mib) * MIB }
    Object.assign(made.fake, {
      loaded: true,
      resident: {
        ...resident,
        ...(held.contextTokens === undefined || held.isUntold ? {} : { context_length: held.contextTokens }),
      },
    })
  }
  const pool = () => ledger.snapshot().pools.gpu
  /** Another client has it loaded with another context. */
  const reload = (mib: number, num_ctx: number): void => {
    free()
    take(mib)
    loadedTokens = num_ctx
    Object.assign(made.fake, {
      loaded: true,
      resident: { size: mib * MIB, size_vram: mib * MIB, context_length: num_ctx },
    })
  }
  return { ...made, gpu, pool, ledger, reload }
}

describe("a model that Ollama holds already", () => {
  it("looks like a stranger's to the ledger at first", async () => {
    const { pool } = await rig({ mib: 5_000, contextTokens: 4_096 })
    expect(pool()).toMatchObject({ budgetMib: BUDGET_MIB - 5_000, committedMib: 0, foreignMib: 5_000 })
  })

  it("from an earlier run counts as ours when it is wanted, and is used without a load", async () => {
    const { preload, actor, pool, purposes, chat } = await rig({ mib: 5_000, contextTokens: 4_096 })
    await preload()
    expect(actor.state()).toBe("ready")
    expect(pool()).toMatchObject({ committedMib: 5_276, foreignMib: 0, overcommitted: false })
    expect((await chat()).text).toBe("Hello.")
    expect(purposes()).toEqual(["load", "chat"])
  })

  it("of a server that does not tell the context counts as ours too", async () => {
    const { preload, pool, actor } = await rig({ mib: 5_000, contextTokens: 4_096, isUntold: true })
    await preload()
    expect(actor.state()).toBe("ready")
    expect(pool()).toMatchObject({ committedMib: 5_276, foreignMib: 0 })
  })

  it("with another client's context is unloaded first, and loaded when its memory is seen to be back", async () => {
    const { preload, fake, pool, purposes, gpu, actor } = await rig({ mib: 6_500, contextTokens: 16_384 })
    await preload()
    expect(purposes()).toEqual(["unload", "load"])
    expect(fake.resident.context_length).toBe(4_096)
    expect(gpu.peakMib).toBeLessThanOrEqual(660 + 6_500)
    expect({ state: actor.state(), ...pool() }).toMatchObject({
      state: "ready",
      committedMib: 5_276,
      foreignMib: 0,
    })
  })

  it("because another client loaded it again in the middle of a run is ours again when it is wanted", async () => {
    const { preload, reload, actor, purposes, pool } = await rig(undefined, {}, 3_000)
    await preload()
    reload(3_500, 16_384)
    await eventually("it is noticed", () => actor.state() === "unloaded")
    await preload()
    expect(purposes()).toEqual(["load", "unload", "load"])
    expect(pool()).toMatchObject({ committedMib: 5_276, foreignMib: 0 })
  })

  it("with less context than there is room for keeps it for now: that is a rung of its ladder", async () => {
    const { preload, actor, purposes, ledger } = await rig({ mib: 4_700, contextTokens: 2_048 })
    await preload()
    expect(purposes()).toEqual(["load"])
    expect(actor.contextTokens).toBe(2_048)
    expect(ledger.snapshot().rows).toMatchObject([{ variant: "ollama/m?num_ctx=2048", state: "loaded" }])
  })

  it("partly on the processor is loaded anew, with the room that there is now", async () => {
    const { preload, notices, purposes, fake } = await rig({
      mib: 5_000,
      onGpuMib: 3_900,
      contextTokens: 4_096,
    })
    await preload()
    expect(purposes()).toEqual(["unload", "load"])
    expect(fake.resident.size_vram).toBe(5_000 * MIB)
    expect(notices).toEqual([])
  })

  it("gives its memory back when it is evicted before anybody leases it", async () => {
    const { failing, ledger, gpu, pool } = await rig(
      { mib: 5_000, contextTokens: 4_096 },
      { times: { admitMs: 300 } },
    )
    gpu.allocate("game", 2_500)
    expect(await failing()).toMatchObject({ reason: "refused" })
    await eventually("the memory is back", () => gpu.usedBy(SERVER) === 0)
    await eventually("nothing is committed", () => pool().committedMib === 0)
    expect(ledger.snapshot().rows).toEqual([])
  })

  it("of a server that is silent keeps nobody waiting: the ledger decides by what it reads", async () => {
    const { failing, fake } = await rig({ mib: 5_000, contextTokens: 4_096 }, { times: { admitMs: 300 } })
    fake.silent = true
    expect(await failing()).toMatchObject({
      reason: "refused",
      message: "Other programs use the graphics memory that I need for the language model.",
    })
  })
})

describe("a model that is to stay off the GPU", () => {
  it("is asked for without it, in the load and in the chat, and is whole there although a GPU can be read", async () => {
    const { chat, fake, notices } = await ollamaRig(
      {
        load: (response) => {
          Object.assign(fake, { loaded: true, resident: { size: 5_000 * MIB, size_vram: 0 } })
          response.end(lastPart("load"))
        },
      },
      {
        processorOnly: true,
        ledger: "cpu",
        readings: simulatedReadings(new SimulatedGpu({ totalMib: 8192 })),
      },
    )
    expect((await chat()).text).toBe("Hello.")
    expect(fake.chats.map((body) => JSON.parse(body).options.num_gpu)).toEqual([0, 0])
    expect(notices).toEqual([])
  })

  it("is found in another way than it would be loaded where it is there already", async () => {
    const { preload, fake, ledger } = await ollamaRig({}, { processorOnly: true, ledger: "cpu" })
    Object.assign(fake, { loaded: true, resident: { size: 5_000 * MIB, size_vram: 5_000 * MIB } })
    await preload()
    expect(ledger.found).toEqual([{ footprintKey: undefined, mib: 5_000, partial: false }])
  })

  it("is not the rule: Ollama uses the GPU as it likes", async () => {
    const { preload, fake } = await ollamaRig()
    await preload()
    expect(JSON.parse(fake.chats[0] ?? "").options).not.toHaveProperty("num_gpu")
  })
})
