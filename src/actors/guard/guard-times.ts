import type { GuardTimes } from "../../machines/guard/guarded-call-types.ts"

/** What a call may take at most, step by step; nearly always it is milliseconds. */
export const defaultGuardTimes: GuardTimes = {
  validateMs: 1000,
  // The orphans of an earlier life may each ask an engine that does not answer.
  admitMs: 20_000,
  queueMs: 20_000,
  authoriseMs: 2000,
  recordMs: 5000,
  identifyMs: 10_000,
  // A question expires by itself sooner: see `askQuestion`.
  askMs: 180_000,
  pinMs: 120_000,
  // A container may be given 600 s to stop, and has 60 s to be healthy again.
  executeMs: 900_000,
  reconcileMs: 15_000,
}
