import type { Machine } from "./machine.ts"
import { type Summary, summarise } from "./statistics.ts"

export type Unit = "ms" | "%" | "MiB" | "×" | "/s" | ""

/** What a row of the table holds. */
export interface Measurement extends Summary {
  readonly what: string
  readonly unit: Unit
  /** Each value, in the order of the measurement. */
  readonly values: readonly number[]
}

export const measured = (what: string, unit: Unit, values: readonly number[]): Measurement => ({
  what,
  unit,
  ...summarise(values),
  values: values.map((value) => Math.round(value * 1000) / 1000),
})

/** A promise with a number in it, and what was found. */
export interface Bar {
  readonly what: string
  readonly found: number
  readonly limit: number
  readonly sense: "at most" | "at least"
  readonly unit: Unit
  /** Too few samples for a verdict, as with `--quick`. */
  readonly indicative: boolean
}

/** What one benchmark found. */
export interface Findings {
  readonly measurements: readonly Measurement[]
  readonly bars: readonly Bar[]
  /** Anything else that belongs to the numbers: how much there was, what was left out and why. */
  readonly notes: readonly string[]
}

/** The findings with their circumstances: what `--json` prints and `--write` keeps. */
export interface Result extends Findings {
  readonly benchmark: string
  readonly quick: boolean
  readonly startedAt: string
  readonly durationSeconds: number
  readonly revision: string
  readonly machine: Machine
  /** Settings that are not the default, by key. */
  readonly settings: Readonly<Record<string, string>>
}

/** A bar that nothing was measured for is not met. */
const isMet = ({ found, limit, sense }: Bar): boolean =>
  sense === "at most" ? found <= limit : found >= limit

export const verdictOf = (bar: Bar): "pass" | "FAIL" | "(pass)" | "(fail)" => {
  if (bar.indicative) return isMet(bar) ? "(pass)" : "(fail)"
  return isMet(bar) ? "pass" : "FAIL"
}
