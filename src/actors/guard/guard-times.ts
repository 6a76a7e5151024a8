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
  // Longer than the desk's own: asking 30 s, hearing 20 s, judging 15 s.
  askMs: 75_000,
  pinMs: 120_000,
  // A database may take 60 s to stop and as long to be healthy again.
  executeMs: 300_000,
  reconcileMs: 15_000,
}
