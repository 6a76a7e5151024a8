import type { FailureNote } from "./model-types.ts"

/**
 * Whether trying again at once is pointless. The reasons for which it is not are guarded elsewhere, or the user just
 * mended them.
 */
const NEEDS_REST: Readonly<Record<FailureNote["reason"], boolean>> = {
  missing: false,
  refused: false,
  unavailable: false,
  "load-failed": true,
  "does-not-fit": true,
  died: true,
  hung: true,
  deadline: true,
  failed: true,
}

const isReason = (value: unknown): value is FailureNote["reason"] =>
  typeof value === "string" && Object.hasOwn(NEEDS_REST, value)

/** What the actors fail with is a `ModelFailure`; anything else is a defect, and a failed load all the same. */
export const noteOf = (error: unknown): FailureNote => {
  const message = error instanceof Error ? error.message : String(error)
  const reason = typeof error === "object" && error !== null && "reason" in error ? error.reason : undefined
  return { reason: isReason(reason) ? reason : "failed", message }
}

export const needsRest = ({ reason }: FailureNote): boolean => NEEDS_REST[reason]
