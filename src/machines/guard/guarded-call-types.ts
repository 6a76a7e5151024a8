import type { DenialCode, OperationOutcome } from "../../ports/guard.ts"

/** Milliseconds. Every state that waits for somebody has one. */
export interface GuardTimes {
  /** Understanding the arguments. */
  readonly validateMs: number
  /** Until the log is in order, what an earlier life left open in it included. */
  readonly admitMs: number
  /** For another call that is about the same container. */
  readonly queueMs: number
  readonly authoriseMs: number
  /** One row of the audit log. */
  readonly recordMs: number
  readonly identifyMs: number
  /** From when the question is handed over until its answer is judged: it has to be spoken, heard and transcribed. */
  readonly askMs: number
  readonly pinMs: number
  /** Longer than any tool's own deadlines. */
  readonly executeMs: number
  readonly reconcileMs: number
}

/** How somebody's answer to the question was judged. `code` says of a denial which one it is. */
export type Judgement =
  | { readonly verdict: "granted" }
  | { readonly verdict: "ask-again" }
  | { readonly verdict: "denied"; readonly code: DenialCode }

export interface GuardedCallInput {
  readonly callId: string
  readonly times: GuardTimes
}

export interface GuardedCallContext extends GuardedCallInput {
  /** Who has to agree; undefined where nobody has to. */
  readonly by: "word" | "pin" | undefined
  /** The last answer. */
  readonly judgement: Judgement | undefined
  /** Questions asked so far. */
  readonly asked: number
  /** Somebody agreed, and that is on record. */
  readonly consented: boolean
  readonly cancelled: boolean
  /** Why it is denied. */
  readonly code: DenialCode | undefined
  /** What became of it; undefined as long as nothing was begun. */
  readonly outcome: OperationOutcome | undefined
}

export type GuardedCallEvent =
  /** Whoever wanted it does not any more. What was begun is not interrupted. */
  { readonly type: "call.cancel" } | { readonly type: "consent.judged"; readonly judgement: Judgement }

/** What a step says when it did not fail: go on, or a denial. */
export type StepOutput = { readonly type: "passed" } | { readonly type: "refused"; readonly code: DenialCode }

export interface PerformOutput {
  readonly outcome: OperationOutcome
}

/** Told to whoever runs the machine. */
export type GuardedCallCommand =
  /** A person is asked: the container is free for others until they answered. */
  | { readonly type: "subject.yield" }
  /** The caller is told where the PIN is given, and waits no longer. */
  | { readonly type: "pin.await" }
  /** No answer is expected any more. */
  | { readonly type: "consent.over" }
