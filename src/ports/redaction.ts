import type { Effect } from "effect/Effect"

/** Takes secrets out of text before it is stored, spoken, shown to a model or sent anywhere. */
export interface Redactor {
  /** Each secret is replaced by a mark that names its kind: `[redacted:token]`. Never fails: on trouble all is replaced. */
  redact(text: string): Effect<string>
  /** Values that must never appear, in any of the usual encodings. Kept in memory only. */
  learn(secrets: Iterable<string>): void
}
