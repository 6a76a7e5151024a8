import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { expect, onTestFinished } from "vitest"
import type { ModelReport } from "../../src/actors/models/model-life.ts"
import { makeOllamaActor, type OllamaActorOptions } from "../../src/actors/models/ollama-actor.ts"
import type { OllamaFootprint } from "../../src/actors/models/ollama-effects.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { ollamaServer } from "../../src/models/ollama-server.ts"
import type { ChatRequest } from "../../src/ports/language-model.ts"
import type { ModelFailure } from "../../src/ports/models.ts"
import type { Readings } from "../../src/ports/readings.ts"
import type { FoundModel, LoadedAs, Residency, Tenant } from "../../src/ports/residency.ts"
import { type Answer, fakeOllama, livelyAnswer, purposeOf } from "./fake-ollama.ts"

export const GIB = 2 ** 30
export const WHOLE = { size: 5 * GIB, size_vram: 5 * GIB }

const question: ChatRequest = { messages: [{ role: "user", content: "Hi" }], tools: [] }

/** A card of 8 GiB that says what `card.usedMib` says. Simulated. */
export const simulatedCard = () => {
  const card = { usedMib: 600 }
  const take = Effect.sync(() => ({ totalMib: 8192, usedMib: card.usedMib, atMs: 0 }))
  const readings: Readings = { source: "simulated", take, watch: Stream.fromEffectRepeat(take) }
  return { card, readings }
}

/** Grants everything, and tells what it was asked and told. */
const openLedger = () => {
  const ledger = {
    open: 0,
    busy: [] as boolean[],
    found: [] as (FoundModel | undefined)[],
    loaded: [] as (number | undefined)[],
    loadedAs: undefined as LoadedAs | undefined,
    outOfMemory: 0,
    tenant: undefined as Tenant | undefined,
    granted: 0,
  }
  const residency: Residency = {
    register: (tenant) =>
      Effect.sync(() => {
        ledger.tenant = tenant
        return {
          busy: (isBusy) => void ledger.busy.push(isBusy),
          loaded: (as) => {
            ledger.loaded.push(as?.measuredMib)
            ledger.loadedAs = as
          },
          found: (found) => void ledger.found.push(found),
          outOfMemory: () => {
            ledger.outOfMemory++
          },
          fellBack: () => undefined,
        }
      }),
    acquire: (models) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          ledger.open++
          const variant = ledger.tenant?.variants[ledger.granted] ?? expect.fail("not registered")
          return models.map((model) => ({ id: "1", model, variant, footprintMib: variant.declaredMib }))
        }),
        () => Effect.sync(() => ledger.open--),
      ),
  }
  return { ledger, residency }
}

/** The actor of a model, its server a fake one over real HTTP, its ledger one that grants everything. */
export const ollamaRig = async (
  script: Partial<Record<"load" | "unload" | "chat", Answer>> = {},
  more: Partial<OllamaActorOptions> = {},
) => {
  const fake = await fakeOllama()
  Object.assign(fake, { loaded: false, resident: WHOLE, answer: livelyAnswer(() => fake, script) })
  const reports: ModelReport[] = []
  const notices: string[] = []
  const footprints: OllamaFootprint[] = []
  const { ledger, residency } = openLedger()
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const actor = await Effect.runPromise(
    makeOllamaActor({
      server: ollamaServer(fake.url, 150),
      model: "m",
      capabilities: ["completion", "thinking"],
      contextTokens: 4_096,
      replyTokens: 64,
      keepAlive: "30m",
      firstTokenMs: 500,
      coldLoadMs: 1_000,
      partialOffload: "smaller-context",
      weightsMib: 4_800,
      ledger: "gpu",
      residency,
      clock: monotonicClock,
      onReport: (report) => reports.push(report),
      onNotice: (notice) => notices.push(notice),
      onFootprint: (footprint) => footprints.push(footprint),
      ...more,
      busyPauseMs: 40,
      times: { pollMs: 40, recheckMs: 40, unloadMs: 300, retryMs: 100, ...more.times },
    }).pipe(Scope.provide(scope)),
  )
  const chat = async () => {
    let text = ""
    const failure = await Effect.runPromise(
      Effect.match(
        Stream.runForEach(actor.chat(question), (event) =>
          Effect.sync(() => {
            if (event.type === "text") text += event.text
          }),
        ),
        { onSuccess: () => undefined, onFailure: (error) => error },
      ),
    )
    return { text, failure }
  }
  const states = () => reports.map(({ state }) => state)
  const preload = () => Effect.runPromise(actor.preload)
  const unload = () => Effect.runPromise(actor.unload)
  const failing = (): Promise<ModelFailure> => Effect.runPromise(Effect.flip(actor.preload))
  const purposes = () => fake.chats.map(purposeOf)
  const evict = (force: boolean): Promise<void> =>
    Effect.runPromise(ledger.tenant?.evict(force) ?? Effect.die("nobody registered"))
  return {
    fake,
    actor,
    reports,
    notices,
    footprints,
    ledger,
    chat,
    states,
    preload,
    unload,
    failing,
    purposes,
    evict,
  }
}
