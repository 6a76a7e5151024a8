import { createActor } from "xstate"
import { guardedCallMachine } from "../../../machines/guard/guarded-call.ts"
import type {
  GuardedCallCommand,
  GuardedCallContext,
  GuardTimes,
  Judgement,
} from "../../../machines/guard/guarded-call-types.ts"
import type { Clock } from "../../../ports/clock.ts"
import type { DenialCode, OperationOutcome } from "../../../ports/guard.ts"
import { fromEffect } from "../../bridge.ts"
import type { CallSteps } from "./call-steps.ts"

/** How a call ended. */
export type CallEnd =
  | { readonly type: "denied"; readonly code: DenialCode }
  | { readonly type: "receipt"; readonly outcome: OperationOutcome; readonly isRecorded: boolean }

/** The machine of one call at work. */
export interface CallLife {
  /** Nobody wants it any more; what was begun goes on. */
  cancel(): void
  /** False where no answer is awaited. */
  judge(judgement: Judgement): boolean
  awaits(): "word" | "pin" | undefined
  /** Stops it where it is, and says what that means. What was begun is unknown then, and an orphan in the log. */
  stop(): CallEnd
}

export interface CallLifeOptions {
  readonly callId: string
  readonly steps: CallSteps
  readonly times: GuardTimes
  /** Monotonic. */
  readonly clock: Clock
  readonly onCommand: (command: GuardedCallCommand) => void
  /** Once; not after `stop`. */
  readonly onEnd: (end: CallEnd) => void
}

/** Starts a call. Its steps do what the machine decides. */
export const startCallLife = (options: CallLifeOptions): CallLife => {
  const { callId, steps, times, clock, onCommand, onEnd } = options
  const actor = createActor(
    guardedCallMachine.provide({
      actors: {
        validateCall: fromEffect(() => steps.validateCall),
        admitCall: fromEffect(() => steps.admitCall),
        takeTurn: fromEffect(() => steps.takeTurn),
        authoriseCall: fromEffect(() => steps.authoriseCall),
        recordAsked: fromEffect(() => steps.recordAsked),
        identifyTarget: fromEffect(({ again }: { readonly again: boolean }) => steps.identifyTarget(again)),
        askQuestion: fromEffect(() => steps.askQuestion),
        recordVerdict: fromEffect((judgement: Judgement | undefined) => steps.recordVerdict(judgement)),
        recordIntent: fromEffect(() => steps.recordIntent),
        performOperation: fromEffect(() => steps.performOperation),
        reconcileOperation: fromEffect(() => steps.reconcileOperation),
        recordOutcome: fromEffect(({ outcome, code }: Ending) => steps.recordOutcome(outcome, code)),
        recordDenial: fromEffect((code: DenialCode) => steps.recordDenial(code)),
      },
    }),
    { clock, input: { callId, times } },
  )
  let ended = false
  const end = (how: CallEnd): void => {
    if (ended) return
    ended = true
    onEnd(how)
  }
  actor.on("*", onCommand)
  actor.subscribe({
    complete: () => {
      const { value, context, status } = actor.getSnapshot()
      if (status === "done") end(endOf(value, context))
    },
    // What was begun before the machine broke is unknown; before that, nothing was done.
    error: () => end(brokenEnd(actor.getSnapshot().context)),
  })
  actor.start()

  const awaits = (): "word" | "pin" | undefined => {
    const snapshot = actor.getSnapshot()
    if (snapshot.matches({ consenting: "asking" })) return "word"
    return snapshot.matches({ consenting: "awaitingPin" }) ? "pin" : undefined
  }

  return {
    cancel: () => actor.send({ type: "call.cancel" }),
    judge: (judgement) => {
      if (awaits() === undefined) return false
      actor.send({ type: "consent.judged", judgement })
      return true
    },
    awaits,
    stop: () => {
      ended = true
      actor.stop()
      return brokenEnd(actor.getSnapshot().context)
    },
  }
}

type Ending = Pick<GuardedCallContext, "outcome" | "code">

const endOf = (value: unknown, { code, outcome }: Ending): CallEnd =>
  value === "denied"
    ? { type: "denied", code: code ?? "internal" }
    : { type: "receipt", outcome: outcome ?? "unknown", isRecorded: value === "receipt" }

const brokenEnd = ({ outcome }: Ending): CallEnd =>
  outcome === undefined
    ? { type: "denied", code: "internal" }
    : { type: "receipt", outcome: "unknown", isRecorded: false }
