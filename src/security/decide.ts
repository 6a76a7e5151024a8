import type { CallOrigin, Decision, Tier } from "../ports/guard.ts"

/** All that the rules look at. Nothing here was written by a model, a log or a caller. */
export interface CallFacts {
  readonly tier: Tier
  /** Asks for no difference: a fixed phrase is confirmed like a call of the model, since a room can hold other voices. */
  readonly origin: CallOrigin
  /** Text of somebody else is in the conversation. */
  readonly tainted: boolean
  /** What the user said was understood beyond doubt. */
  readonly confident: boolean
  /** Somebody is being asked at this moment. */
  readonly consentPending: boolean
  /** How long this operation is still locked after failed confirmations; 0 where it is not. */
  readonly lockedMs: number
  readonly pinSet: boolean
}

/**
 * What the rules say about a call that the table permits. Total; a tier that nobody knows is refused.
 *
 * The first reason that applies is the one that is said: doubt, then another question that waits, then the lock, then
 * the missing PIN.
 */
export const decide = (facts: CallFacts): Decision => {
  if (facts.tier === "read") return { type: "allow" }
  if (!facts.confident) return { type: "deny", code: "not-confident" }
  if (facts.consentPending) return { type: "deny", code: "consent-pending" }
  if (facts.tier === "own" && !facts.tainted) return { type: "allow" }
  // Not `> 0`: a span that is not a number locks as well.
  if (!(facts.lockedMs <= 0)) return { type: "deny", code: "locked" }
  switch (facts.tier) {
    case "own":
    case "change":
      return { type: "confirm", by: "word" }
    case "danger":
      return facts.pinSet ? { type: "confirm", by: "pin" } : { type: "deny", code: "pin-not-set" }
    default:
      return { type: "deny", code: "internal" }
  }
}
