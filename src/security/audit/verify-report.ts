/** What `jett audit verify` exits with. */
export const verdicts = { valid: 0, broken: 10, truncated: 11, unverifiable: 12 } as const

export type Verdict = keyof typeof verdicts

export interface VerifyReport {
  readonly verdict: Verdict
  /** What was found, in a sentence or two; holds nothing of a row. */
  readonly message: string
  /** How many rows are good, from the first on. */
  readonly rows: number
  /** The first row that is not what it should be. */
  readonly firstBadRow?: number | undefined
  /** Hash of the last good row, lower-case hex. */
  readonly head?: string | undefined
  /** The key that the log names; compare it with the one that you kept. */
  readonly key?: string | undefined
  /** The last row that a checkpoint of the log itself covers. */
  readonly covered?: number | undefined
}
