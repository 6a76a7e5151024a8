import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Clock } from "../../src/ports/clock.ts"
import type { Lease, ModelClass, Refused, Residency, Variant } from "../../src/ports/residency.ts"
import type { AllocationId, SimulatedGpu } from "./simulated-gpu.ts"

const sleep = (ms: number) => Effect.promise(() => new Promise((resolve) => setTimeout(resolve, ms)))

export interface SimulatedTenantOptions {
  readonly residency: Residency
  readonly gpu: SimulatedGpu
  readonly clock: Clock
  readonly model: string
  readonly modelClass?: ModelClass
  readonly variants: readonly Variant[]
  readonly loadMs?: number
  /** What it really takes; default: what is declared. */
  readonly takesMib?: number
  /** Its engine cannot use the GPU, and runs on the processor where it was granted one. */
  readonly cannotUseGpu?: boolean
}

/**
 * A model actor on a SIMULATED GPU, reduced to its dealings with the ledger: its own lease from before the load until
 * the memory is back, `loaded`, `busy`, and an eviction that ends when the memory is really free.
 */
export const simulatedTenant = (options: SimulatedTenantOptions) =>
  Effect.gen(function* () {
    const { residency, gpu, clock, model } = options
    let lease: { readonly scope: Scope.Closeable; readonly granted: Lease } | undefined
    let allocation: AllocationId | undefined
    let evictions = 0
    let loads = 0

    const unload = Effect.suspend(() => {
      const ending = lease
      const held = allocation
      lease = undefined
      allocation = undefined
      if (held !== undefined) gpu.release(held)
      return Effect.gen(function* () {
        while (held !== undefined && !gpu.isReleased(held)) yield* sleep(1)
        if (ending !== undefined) yield* Scope.close(ending.scope, Exit.void)
      })
    })
    const tenancy = yield* residency.register({
      model,
      modelClass: options.modelClass ?? "llm",
      pinned: false,
      variants: options.variants,
      evict: () => {
        evictions++
        return unload
      },
    })

    /** Milliseconds that the load itself took; 0 where it was loaded. */
    const load = Effect.gen(function* () {
      if (lease !== undefined) return 0
      const scope = Scope.makeUnsafe()
      const [granted] = yield* residency.acquire([model], { type: "model" }, 5000).pipe(Scope.provide(scope))
      if (granted === undefined) return yield* Effect.die(new Error(`no lease on ${model}`))
      lease = { scope, granted }
      const fromMs = clock.now()
      if (options.loadMs !== undefined) yield* sleep(options.loadMs)
      if (granted.variant.placement === "gpu" && options.cannotUseGpu === true) tenancy.fellBack()
      else if (granted.variant.placement === "gpu") {
        const taken = gpu.allocate(model, options.takesMib ?? granted.variant.declaredMib)
        if (!taken.ok) return yield* Effect.die(new Error(`${model}: the simulated GPU is out of memory`))
        allocation = taken.id
      }
      loads++
      tenancy.loaded()
      return clock.now() - fromMs
    })

    return {
      model,
      tenancy,
      load,
      unload,
      evictions: () => evictions,
      loads: () => loads,
      granted: () => lease?.granted,
      /** A turn that uses the model once. Gives the milliseconds from asking until it could infer, without the load's own. */
      turn: (turnId: string): Effect.Effect<number, Refused> =>
        Effect.gen(function* () {
          const fromMs = clock.now()
          yield* residency.acquire([model], { type: "turn", turnId }, 5000)
          const loadMs = yield* load
          const overheadMs = clock.now() - fromMs - loadMs
          tenancy.busy(true)
          yield* Effect.yieldNow
          tenancy.busy(false)
          return overheadMs
        }).pipe(Effect.scoped),
    }
  })
