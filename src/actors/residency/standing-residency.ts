import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Child } from "../../ports/child.ts"
import type { Refused, Residency, ResidencySnapshot, Tenancy, Tenant } from "../../ports/residency.ts"
import { type ResourceHandle, resourceChild } from "../supervision/resource-child.ts"
import { within } from "../timing.ts"
import { makeResidency, type ResidencyLedger, type ResidencyOptions } from "./residency.ts"

/** The ledger as its tenants know it, whichever life of it is up. */
export interface StandingResidency extends Residency {
  /** To be supervised. */
  readonly child: Child<ResourceHandle<ResidencyLedger>>
  /** Whether a conversation is going on. */
  conversation(active: boolean): void
  /** Undefined while the ledger is away. */
  snapshot(): ResidencySnapshot | undefined
}

const away: Refused = { _tag: "Refused", reason: "I am just sorting out my memory. Please try again." }

/** For a server of others to give back what an earlier ledger granted. */
const EVICT_MS = 10_000

/**
 * A supervised ledger. When it starts anew nothing of ours may be in memory: the hosts start anew after it, and what a
 * server of others holds is unloaded first. Its tenants are registered again, and ask again. While it is away everything
 * is refused.
 */
export const standingResidency = (options: ResidencyOptions): StandingResidency => {
  const tenants = new Map<string, Tenant>()
  const entered = new Map<Tenant, { readonly tenancy: Tenancy; readonly leave: Effect.Effect<void> }>()
  let up: ResidencyLedger | undefined
  let hasRun = false
  let inConversation = false

  const enter = (ledger: ResidencyLedger, tenant: Tenant): Effect.Effect<void, never, Scope.Scope> =>
    Effect.gen(function* () {
      const own = yield* Scope.fork(yield* Effect.scope)
      const tenancy = yield* Scope.provide(ledger.register(tenant), own)
      entered.set(tenant, { tenancy, leave: Scope.close(own, Exit.void) })
    })

  /** What an earlier ledger granted is unknown to the next. */
  const clear = Effect.suspend(() =>
    Effect.forEach(
      [...tenants.values()],
      ({ evict }) => within(evict(true), { clock: options.clock, ms: EVICT_MS, late: () => Effect.void }),
      {
        concurrency: "unbounded",
        discard: true,
      },
    ),
  )

  const acquire = Effect.gen(function* () {
    if (hasRun) yield* clear
    hasRun = true
    const ledger = yield* makeResidency(options)
    yield* Effect.forEach(tenants.values(), (tenant) => enter(ledger, tenant), { discard: true })
    ledger.conversation(inConversation)
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        up = ledger
      }),
      () =>
        Effect.sync(() => {
          up = undefined
          entered.clear()
        }),
    )
    return ledger
  })

  return {
    child: resourceChild({ id: "ledger", acquire }),
    register: (tenant) =>
      Effect.gen(function* () {
        const { model } = tenant
        yield* Effect.acquireRelease(
          Effect.sync(() => tenants.set(model, tenant)),
          () => Effect.sync(() => tenants.get(model) === tenant && tenants.delete(model)),
        )
        // Whichever life of the ledger took it in, it is that one which it leaves.
        yield* Effect.addFinalizer(() =>
          Effect.suspend(() => {
            const leave = entered.get(tenant)?.leave ?? Effect.void
            entered.delete(tenant)
            return leave
          }),
        )
        if (up !== undefined) yield* enter(up, tenant)
        const tell = (what: (tenancy: Tenancy) => void): void => {
          const tenancy = entered.get(tenant)?.tenancy
          if (tenancy !== undefined) what(tenancy)
        }
        return {
          busy: (isBusy) => tell((tenancy) => tenancy.busy(isBusy)),
          loaded: (as) => tell((tenancy) => tenancy.loaded(as)),
          found: (found) => tell((tenancy) => tenancy.found(found)),
          outOfMemory: () => tell((tenancy) => tenancy.outOfMemory()),
          fellBack: () => tell((tenancy) => tenancy.fellBack()),
        }
      }),
    acquire: (models, holder, deadlineMs) =>
      Effect.suspend(() => (up === undefined ? Effect.fail(away) : up.acquire(models, holder, deadlineMs))),
    conversation: (active) => {
      inConversation = active
      up?.conversation(active)
    },
    snapshot: () => up?.snapshot(),
  }
}
