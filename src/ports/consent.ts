import type { Effect } from "effect/Effect"

export interface ConsentAnswer {
  readonly consentId: string
  readonly transcript: string
  readonly audioStartMs: number
  readonly questionEndMs: number
  readonly echoSuspect: boolean
}

export type ConsentVerdict = "granted" | "denied" | "ask-again" | "expired"

/** The guard judges the answer; the conversation only asks and captures. */
export interface Consent {
  answer(answer: ConsentAnswer): Effect<ConsentVerdict>
}
