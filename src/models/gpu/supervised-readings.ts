import {
  isCurrent,
  judgeSources,
  type ReadingsStatus,
  type SourceId,
  type SourceLimits,
  type SourcesCommand,
  type SourcesEvent,
  type SourcesState,
  sourcesDueAtMs,
  unopenedSources,
} from "../../machines/readings/reading-sources.ts"
import type { Clock } from "../../ports/clock.ts"
import type { MemoryReading } from "../../ports/readings.ts"
import type { GpuDescription, MemorySource, OpenSource } from "./memory-source.ts"

interface SupervisedReadingsOptions extends SourceLimits {
  /** Best first. */
  readonly sources: readonly MemorySource[]
  readonly clock: Clock
}

/** An event without its time. */
type Happening = SourcesEvent extends infer E ? (E extends SourcesEvent ? Omit<E, "nowMs"> : never) : never

/**
 * Keeps one source of readings going. `reading-sources.ts` decides which, and when it is started again; this opens and
 * closes it, asks it, passes on what it says and wakes that decision when something is due.
 */
export class SupervisedReadings {
  readonly #sources: readonly MemorySource[]
  readonly #clock: Clock
  readonly #listeners = new Set<(reading: MemoryReading) => void>()
  readonly #stateListeners = new Set<() => void>()
  readonly #told: Happening[] = []
  #isTelling = false
  #isClosed = false
  #decided: SourcesState
  #open: OpenSource | undefined
  #timer: unknown
  #description: GpuDescription | undefined

  constructor({ sources, clock, ...limits }: SupervisedReadingsOptions) {
    this.#sources = sources
    this.#clock = clock
    this.#decided = unopenedSources(
      sources.map(({ id }) => id),
      limits,
    )
    this.#tell({ type: "readings.wanted" })
  }

  get state(): ReadingsStatus {
    return this.#decided.status
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
    if (this.#decided.isOpen) this.#open?.ask()
  }

  close(): void {
    this.#isClosed = true
    this.#clock.clearTimeout(this.#timer)
    if (this.#decided.isOpen) this.#open?.close()
    this.#open = undefined
  }

  /** A source may fail before it is open: what is told while commands are carried out comes after them. */
  #tell(happening: Happening): void {
    this.#told.push(happening)
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (let next = this.#told.shift(); next !== undefined; next = this.#told.shift()) this.#hear(next)
    } finally {
      this.#isTelling = false
      if (!this.#isClosed) this.#setAlarm()
    }
  }

  /** A listener may close all this. */
  #hear(happening: Happening): void {
    if (this.#isClosed) return
    const { status } = this.#decided
    const step = judgeSources(this.#decided, { ...happening, nowMs: this.#clock.now() })
    this.#decided = step.state
    if (step.state.status !== status) for (const listener of [...this.#stateListeners]) listener()
    for (const command of step.commands) if (!this.#isClosed) this.#obey(command)
  }

  #setAlarm(): void {
    this.#clock.clearTimeout(this.#timer)
    const dueMs = sourcesDueAtMs(this.#decided)
    if (dueMs === undefined) return
    const waitMs = Math.max(0, Math.ceil(dueMs - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => this.#tell({ type: "time.passed" }), waitMs)
  }

  #obey(command: SourcesCommand): void {
    switch (command.type) {
      case "open":
        this.#openSource(command.source, command.life)
        break
      case "ask":
        this.#open?.ask()
        break
      case "close":
        this.#open?.close()
        break
      case "publish":
        for (const listener of [...this.#listeners]) listener(command.reading)
        break
    }
  }

  #openSource(id: SourceId, life: number): void {
    this.#open = this.#sources
      .find((source) => source.id === id)
      ?.open({
        described: (description) => {
          if (isCurrent(this.#decided, life)) this.#description = description
        },
        reading: (reading) => this.#tell({ type: "source.read", life, reading }),
        gone: ({ reason, isFinal }) => this.#tell({ type: "source.gone", life, reason, isFinal }),
      })
  }
}
