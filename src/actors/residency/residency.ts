import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import { dueAtMs } from "../../machines/residency/residency-due.ts"
import { account, emptyLedger } from "../../machines/residency/residency-ledger.ts"
import { snapshotOf } from "../../machines/residency/residency-snapshot.ts"
import {
  DEFAULT_LEDGER_SETTINGS,
  type LedgerCommand,
  type LedgerEvent,
  type LedgerReport,
  type LedgerSettings,
} from "../../machines/residency/residency-types.ts"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { Clock } from "../../ports/clock.ts"
import type { Readings } from "../../ports/readings.ts"
import type {
  LeaseHolder,
  Leases,
  Refused,
  Residency,
  ResidencySnapshot,
  Tenant,
} from "../../ports/residency.ts"
import { within } from "../timing.ts"

export interface ResidencyOptions {
  readonly settings?: Partial<LedgerSettings> | undefined
  readonly readings: Readings
  /** What was measured in earlier runs, MiB by `footprintKey`, and where new figures go. */
  readonly footprints?:
    | {
        readonly samplesMib: Readonly<Record<string, readonly number[]>>
        keep(key: string, samplesMib: readonly number[]): void
      }
    | undefined
  /** Monotonic. */
  readonly clock: Clock
  readonly onReport?: ((report: LedgerReport) => void) | undefined
}

export interface ResidencyLedger extends Residency {
  /** Nothing is unloaded for being idle while one is active, and what it needs is likely to be needed soon. */
  conversation(active: boolean): void
  snapshot(): ResidencySnapshot
}

/** An event without its time. */
type Happening = LedgerEvent extends infer E ? (E extends LedgerEvent ? Omit<E, "nowMs"> : never) : never

type Answer = Effect.Effect<Leases, Refused>

const FIRST_READING_MS = 1000
const refused = (reason: string): Refused => ({ _tag: "Refused", reason })

/**
 * The one ledger of who may be in memory, until its scope closes. `residency-ledger.ts` decides; this answers those who
 * wait, unloads, looks at the GPU and wakes the ledger when something is due.
 */
export const makeResidency = (options: ResidencyOptions): Effect.Effect<ResidencyLedger, never, Scope> =>
  Effect.gen(function* () {
    const { readings, clock, footprints, onReport } = options
    const fork = yield* FiberSet.makeRuntime<never, void, never>()
    const tenants = new Map<string, Tenant>()
    const waiting = new Map<string, (answer: Answer) => void>()
    const told: Happening[] = []
    let state = emptyLedger({ ...DEFAULT_LEDGER_SETTINGS, ...options.settings }, footprints?.samplesMib)
    let isTelling = false
    let isStopped = false
    let timer: unknown
    let looking: "no" | "yes" | "again" = "no"

    /** What is told while commands are carried out comes after them. */
    const tell = (happening: Happening): void => {
      told.push(happening)
      if (isTelling || isStopped) return
      isTelling = true
      for (let next = told.shift(); next !== undefined; next = told.shift()) {
        const step = account(state, { ...next, nowMs: clock.now() })
        state = step.state
        for (const command of step.commands) obey(command)
      }
      isTelling = false
      setAlarm()
    }

    const setAlarm = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer)
      const dueMs = dueAtMs(state)
      timer =
        dueMs === undefined
          ? undefined
          : clock.setTimeout(() => tell({ type: "time.passed" }), Math.max(1, Math.ceil(dueMs - clock.now())))
    }

    const obey = (command: LedgerCommand): void => {
      switch (command.type) {
        case "grant":
          answer(command.id, Effect.succeed(command.grants.map((granted) => ({ id: uuidV7(), ...granted }))))
          break
        case "refuse":
          answer(command.id, Effect.fail(refused(command.reason)))
          break
        case "evict":
          evict(command.model, command.incarnation, command.force)
          break
        case "look":
          look()
          break
        case "footprint.learned":
          footprints?.keep(command.key, command.samplesMib)
          break
        case "report":
          onReport?.(command.report)
          break
      }
    }

    const answer = (id: string, given: Answer): void => {
      const resume = waiting.get(id)
      waiting.delete(id)
      resume?.(given)
    }

    /** One that fails has not ended: its memory stays committed, and the ledger reports that it is overdue. */
    const evict = (model: string, incarnation: number, force: boolean): void => {
      const tenant = tenants.get(model)
      if (tenant === undefined) return
      fork(
        Effect.suspend(() => tenant.evict(force)).pipe(
          Effect.andThen(Effect.sync(() => tell({ type: "eviction.ended", model, incarnation }))),
          Effect.exit,
          Effect.asVoid,
        ),
      )
    }

    const look = (): void => {
      if (looking !== "no") {
        looking = "again"
        return
      }
      looking = "yes"
      fork(
        Effect.map(readings.take, (reading) => {
          const again = looking === "again"
          looking = "no"
          if (reading !== undefined) tell({ type: "reading", reading })
          if (again) look()
        }),
      )
    }

    const ask = (id: string, models: readonly string[], holder: LeaseHolder, deadlineMs: number) =>
      Effect.callback<Leases, Refused>((resume) => {
        if (isStopped) {
          resume(Effect.fail(refused("I am shutting down.")))
          return
        }
        waiting.set(id, resume)
        tell({ type: "request.made", id, models, holder, deadlineMs })
        return Effect.sync(() => waiting.delete(id))
      })
    const end = (id: string) => Effect.sync(() => tell({ type: "request.ended", id }))

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isStopped = true
        if (timer !== undefined) clock.clearTimeout(timer)
        for (const id of [...waiting.keys()]) answer(id, Effect.fail(refused("I am shutting down.")))
      }),
    )
    const first = yield* within(readings.take, {
      clock,
      ms: FIRST_READING_MS,
      late: () => Effect.succeed(undefined),
    })
    if (first !== undefined) tell({ type: "reading", reading: first })
    // Without a source, too: a GPU that was asleep answers late.
    fork(
      Stream.runForEach(readings.watch, (reading) =>
        Effect.sync(() =>
          tell(reading === undefined ? { type: "readings.gone" } : { type: "reading", reading }),
        ),
      ),
    )

    return {
      register: (tenant) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const { model, modelClass, pinned, variants } = tenant
            tenants.set(model, tenant)
            tell({ type: "tenant.registered", tenant: { model, modelClass, pinned, variants } })
            // Of an earlier registration nothing is true of the one in its place.
            const tellOwn = (happening: Happening): void => {
              if (tenants.get(model) === tenant) tell(happening)
            }
            return {
              busy: (busy) => tellOwn({ type: "tenant.busy", model, busy }),
              loaded: (as) => tellOwn({ type: "tenant.loaded", model, ...as }),
              found: (found) => tellOwn({ type: "tenant.found", model, found }),
              outOfMemory: () => tellOwn({ type: "tenant.out-of-memory", model }),
              fellBack: () => tellOwn({ type: "tenant.fell-back", model }),
            }
          }),
          () =>
            Effect.sync(() => {
              if (tenants.get(tenant.model) !== tenant) return
              tell({ type: "tenant.unregistered", model: tenant.model })
              tenants.delete(tenant.model)
            }),
        ),
      // Interrupted at whatever moment, it leaves no lease behind: the request ends even if it was granted just then.
      acquire: (models, holder, deadlineMs) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.suspend(() => {
            const id = uuidV7()
            return restore(ask(id, models, holder, deadlineMs)).pipe(
              Effect.onExit((exit) => (Exit.isFailure(exit) ? end(id) : Effect.void)),
              Effect.tap(() => Effect.addFinalizer(() => end(id))),
            )
          }),
        ),
      conversation: (active) => tell({ type: "conversation", active }),
      snapshot: () => snapshotOf(state),
    }
  })
