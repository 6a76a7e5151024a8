import type { Clock } from "../../ports/clock.ts"
import type { MemoryReading } from "../../ports/readings.ts"
import type { GpuDescription, MemorySource, OpenSource, SourceEnding } from "./memory-source.ts"

interface SupervisedReadingsOptions {
  /** Best first. */
  readonly sources: readonly MemorySource[]
  readonly clock: Clock
  /** A source that has to be asked is asked this often. */
  readonly intervalMs: number
  /** No reading for this long: the source hangs, and is started again. */
  readonly silentMs: number
  /** The same before its first reading: a GPU that sleeps takes seconds to wake. */
  readonly startMs: number
}

export type ReadingsState =
  /** Nothing was heard yet. */
  | { readonly type: "opening" }
  | { readonly type: "reading"; readonly source: MemorySource["id"] }
  | { readonly type: "none"; readonly reason: string }

/** Why there are no readings where there was nothing to try. */
export const NO_DRIVER = "no NVIDIA driver was found"

/** Waits between the starts of one source; when they are used up, the next source has its turn. */
const BACK_OFF_MS = [100, 1000]
/** A source that lives this long has its back-off forgiven. */
const SOUND_MS = 10_000
/** When every source has failed, all are tried again after this. */
const REST_MS = 60_000

/**
 * Keeps one source of readings going: starts it again when it dies or hangs, goes over to the next when it fails again
 * and again, and says `none` when all have. No part of the supervision tree: nothing but the readings depends on it.
 */
export class SupervisedReadings {
  readonly #options: SupervisedReadingsOptions
  readonly #listeners = new Set<(reading: MemoryReading) => void>()
  readonly #stateListeners = new Set<() => void>()
  /** Why each source is not read, the last time it was tried. */
  readonly #reasons = new Map<MemorySource, string>()
  #candidates: readonly MemorySource[]
  #open: OpenSource | undefined
  #at = 0
  #failures = 0
  #openedAtMs = 0
  #heardAtMs = 0
  #timer: unknown
  #closed = false
  #state: ReadingsState = { type: "opening" }
  #description: GpuDescription | undefined

  constructor(options: SupervisedReadingsOptions) {
    this.#options = options
    this.#candidates = options.sources
    this.#start()
  }

  get state(): ReadingsState {
    return this.#state
  }

  /** Of the GPU that was read last. */
  get description(): GpuDescription | undefined {
    return this.#description
  }

  /** Calls `listener` with each reading, until the returned function is called. */
  onReading(listener: (reading: MemoryReading) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  /** A reading soon, where the source can be asked. */
  ask(): void {
    this.#open?.ask()
  }

  close(): void {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#timer)
    this.#open?.close()
    this.#open = undefined
  }

  #start(): void {
    if (this.#closed) return
    const source = this.#candidates[this.#at]
    if (source === undefined) {
      this.#rest()
      return
    }
    const { clock, intervalMs, silentMs, startMs } = this.#options
    // What a source that was left behind still says is not heard.
    let current = true
    let heard = false
    const whileCurrent = (then: () => void) => {
      if (current) then()
    }
    this.#openedAtMs = clock.now()
    this.#heardAtMs = this.#openedAtMs
    const opened = source.open({
      described: (description) =>
        whileCurrent(() => {
          this.#description = description
        }),
      reading: (reading) =>
        whileCurrent(() => {
          heard = true
          this.#heard(source, reading)
        }),
      gone: (ending) =>
        whileCurrent(() => {
          current = false
          this.#failed(source, ending)
        }),
    })
    // It may have failed before `open` returned.
    if (!current) return
    this.#open = opened
    const tick = () => {
      const limitMs = heard ? silentMs : startMs
      if (clock.now() - this.#heardAtMs > limitMs) {
        current = false
        opened.close()
        const reason = `${source.id} gave no reading for ${limitMs} ms`
        this.#failed(source, { reason, isFinal: false })
        return
      }
      opened.ask()
      this.#wait(intervalMs, tick)
    }
    opened.ask()
    this.#wait(intervalMs, tick)
  }

  #heard(source: MemorySource, reading: MemoryReading): void {
    const { clock } = this.#options
    this.#heardAtMs = clock.now()
    if (this.#heardAtMs - this.#openedAtMs >= SOUND_MS) this.#failures = 0
    if (this.#state.type !== "reading" || this.#state.source !== source.id) {
      this.#become({ type: "reading", source: source.id })
    }
    for (const listener of [...this.#listeners]) listener(reading)
  }

  #failed(source: MemorySource, { reason, isFinal }: SourceEnding): void {
    if (this.#closed) return
    this.#open = undefined
    this.#reasons.set(source, reason)
    const waitMs = isFinal ? undefined : BACK_OFF_MS[this.#failures]
    if (waitMs !== undefined) {
      this.#failures++
      this.#wait(waitMs, () => this.#start())
      return
    }
    this.#failures = 0
    if (isFinal) this.#candidates = this.#candidates.filter((_, at) => at !== this.#at)
    else this.#at++
    this.#start()
  }

  #rest(): void {
    const reasons = [...this.#reasons.values()]
    const reason = reasons.length === 0 ? NO_DRIVER : reasons.join("; ")
    this.#become({ type: "none", reason })
    this.#at = 0
    if (this.#candidates.length > 0) this.#wait(REST_MS, () => this.#start())
  }

  #become(state: ReadingsState): void {
    this.#state = state
    for (const listener of [...this.#stateListeners]) listener()
  }

  #wait(ms: number, then: () => void): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(then, ms)
  }
}
