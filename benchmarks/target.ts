import type { Config } from "../src/config/definition.ts"
import type { Corpus } from "./corpus/corpus.ts"
import type { Progress } from "./progress.ts"
import type { Findings } from "./result.ts"

/** What every benchmark is given. */
export interface TargetOptions {
  readonly config: Config
  readonly corpus: Corpus
  readonly progress: Progress
  /** A few of everything: shows that it works, and proves nothing. */
  readonly quick: boolean
  /** How many of each to measure, where the caller says so. */
  readonly count: number | undefined
  readonly signal: AbortSignal
}

export type Target = (options: TargetOptions) => Promise<Findings>

/** How many to measure: what the caller says, else a few or the usual number. */
export const amount = ({ count, quick }: TargetOptions, few: number, usual: number): number =>
  count ?? (quick ? few : usual)

/** Where a verdict needs more than was measured. */
export const tooFew = (count: number, needed: number): boolean => count < needed

/**
 * The same assistant without a language model and without the chime: what it would answer has no part in when a turn
 * begins and ends, and takes its time.
 */
export const withoutAnswers = (config: Config): Config => ({
  ...config,
  llm: { ...config.llm, provider: "none" },
  conversation: { ...config.conversation, acknowledge: "none" },
})
