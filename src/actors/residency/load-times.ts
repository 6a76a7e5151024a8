import type { ModelState } from "../../ports/models.ts"
import type { ModelReport } from "../models/model-life.ts"
import { coveredMs } from "../spans.ts"

interface Load {
  readonly fromMs: number
  toMs: number
}

/** Enough for the models of the longest turn. */
const KEPT = 32

const isLoading = (state: ModelState): boolean => state === "admitting" || state === "loading"

/** When models were being loaded, on the monotonic clock: to tell how much of it a turn had to wait for. */
export class LoadTimes {
  readonly #under: Map<string, Load> = new Map()
  #loads: Load[] = []

  note({ model, state, atMs }: ModelReport): void {
    const under = this.#under.get(model)
    if (isLoading(state)) {
      if (under !== undefined) return
      const load = { fromMs: atMs, toMs: Number.POSITIVE_INFINITY }
      this.#under.set(model, load)
      this.#loads = [...this.#loads.slice(1 - KEPT), load]
    } else if (under !== undefined) {
      under.toMs = atMs
      this.#under.delete(model)
    }
  }

  /** How long, in ms, at least one model was being loaded between two moments. */
  between(fromMs: number, toMs: number): number {
    return coveredMs({ fromMs, toMs }, this.#loads)
  }
}
