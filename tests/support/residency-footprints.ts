import type { Variant } from "../../src/ports/residency.ts"

/** In a row, before they are believed although they say less than what is declared. */
const SAMPLES = 3
const AGREE_MIB = 64
const AGREE_SHARE = 0.05

/** What is to be believed of footprints, by what was said to be measured. Shares no code with the ledger. */
export class SeenFootprints {
  readonly #samplesMib = new Map<string, readonly number[]>()

  learn(footprintKey: string, samplesMib: readonly number[]): void {
    this.#samplesMib.set(footprintKey, samplesMib)
  }

  /** The larger of declared and measured, until three measurements agree. */
  believedMib({ footprintKey, declaredMib }: Variant): number {
    const samplesMib = this.#samplesMib.get(footprintKey) ?? []
    const latest = samplesMib.slice(-SAMPLES)
    const largest = Math.max(...latest)
    const spread = largest - Math.min(...latest)
    const agree = latest.length === SAMPLES && spread <= Math.max(AGREE_MIB, AGREE_SHARE * largest)
    return agree ? largest : Math.max(declaredMib, ...samplesMib)
  }
}
