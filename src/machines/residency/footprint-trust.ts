import type { Variant } from "../../ports/residency.ts"

/** Kept of each variant. */
const KEPT_SAMPLES = 5

/**
 * A measured footprint is what a GPU's memory grew by during a load, so another program that allocates or frees in that
 * time falsifies it. One such sample may stand alone, and a program that starts during one load and ends during the
 * next makes two, of opposite sign; that three in a row agree by such chance is not to be expected.
 */
const SAMPLES_TO_TRUST = 3
const AGREE_MIB = 64
const AGREE_SHARE = 0.05

/** What is believed of a variant's footprint, from its samples (MiB, latest last). */
export interface Footprint {
  /** The largest that counts; undefined where nothing was measured. */
  readonly measuredMib: number | undefined
  readonly trusted: boolean
  /** The measured one where it is trusted, else the larger of declared and measured. */
  readonly committedMib: number
}

export const footprintOf = (
  { declaredMib }: Pick<Variant, "declaredMib">,
  samplesMib: readonly number[] | undefined,
): Footprint => {
  if (samplesMib === undefined || samplesMib.length === 0) {
    return { measuredMib: undefined, trusted: false, committedMib: declaredMib }
  }
  const latest = samplesMib.slice(-SAMPLES_TO_TRUST)
  const largest = Math.max(...latest)
  const agreeMib = Math.max(AGREE_MIB, largest * AGREE_SHARE)
  const trusted = latest.length === SAMPLES_TO_TRUST && largest - Math.min(...latest) <= agreeMib
  const measuredMib = trusted ? largest : Math.max(...samplesMib)
  return { measuredMib, trusted, committedMib: trusted ? measuredMib : Math.max(declaredMib, measuredMib) }
}

export const withSample = (samplesMib: readonly number[] | undefined, sampleMib: number): readonly number[] =>
  [...(samplesMib ?? []), sampleMib].slice(-KEPT_SAMPLES)
