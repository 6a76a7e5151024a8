import { assign, emit, fromPromise, setup } from "xstate"
import type { Decision, DenialCode, OperationOutcome } from "../../ports/guard.ts"
import type {
  GuardedCallCommand,
  GuardedCallContext,
  GuardedCallEvent,
  GuardedCallInput,
  Judgement,
  PerformOutput,
  StepOutput,
} from "./guarded-call-types.ts"

/** The desk ends it sooner: this is what holds if the desk has a bug. */
const MAX_QUESTIONS = 6

const notProvided = async (): Promise<never> => {
  throw new Error("The machine of a guarded call needs the actors of src/actors/guard/call/call-steps.ts.")
}

/** The names that the guard's chart is made of. */
export const guardedCallSetup = setup({
  types: {
    input: {} as GuardedCallInput,
    context: {} as GuardedCallContext,
    events: {} as GuardedCallEvent,
    emitted: {} as GuardedCallCommand,
  },
  actors: {
    /** Understands the arguments; asks nobody. */
    validateCall: fromPromise<StepOutput>(notProvided),
    /** Waits until the log is in order, hears the rules a first time, and counts the operation. */
    admitCall: fromPromise<StepOutput>(notProvided),
    /** Ends when no other call is about the same subject. */
    takeTurn: fromPromise<void>(notProvided),
    authoriseCall: fromPromise<Decision>(notProvided),
    recordAsked: fromPromise<void>(notProvided),
    /** Finds what the operation is about; `again`: refuses if it is another than at first. */
    identifyTarget: fromPromise<StepOutput, { readonly again: boolean }>(notProvided),
    /** Hands the question over; ends when it is refused, never when it is answered. */
    askQuestion: fromPromise<StepOutput>(notProvided),
    recordVerdict: fromPromise<void, Judgement | undefined>(notProvided),
    recordIntent: fromPromise<void>(notProvided),
    performOperation: fromPromise<PerformOutput>(notProvided),
    /** Finds out what became of it. */
    reconcileOperation: fromPromise<PerformOutput>(notProvided),
    /** `outcome` undefined: nothing was begun, because of `code`. */
    recordOutcome: fromPromise<
      void,
      { readonly outcome: OperationOutcome | undefined; readonly code: DenialCode | undefined }
    >(notProvided),
    recordDenial: fromPromise<void, DenialCode>(notProvided),
  },
  delays: {
    validateDeadline: ({ context }) => context.times.validateMs,
    admitDeadline: ({ context }) => context.times.admitMs,
    queueDeadline: ({ context }) => context.times.queueMs,
    authoriseDeadline: ({ context }) => context.times.authoriseMs,
    recordDeadline: ({ context }) => context.times.recordMs,
    identifyDeadline: ({ context }) => context.times.identifyMs,
    askDeadline: ({ context }) => context.times.askMs,
    pinDeadline: ({ context }) => context.times.pinMs,
    executeDeadline: ({ context }) => context.times.executeMs,
    reconcileDeadline: ({ context }) => context.times.reconcileMs,
  },
  actions: {
    deny: assign({ code: (_, params: { readonly code: DenialCode }) => params.code }),
    denyAsTold: assign({
      code: (_, params: { readonly step: StepOutput | Decision }) => codeOf(params.step),
    }),
    denyAsJudged: assign({ code: ({ context }) => judgedCode(context.judgement) }),
    noteWhoConsents: assign({
      by: (_, params: { readonly decision: Decision }) =>
        params.decision.type === "confirm" ? params.decision.by : undefined,
    }),
    noteJudgement: assign({ judgement: (_, params: { readonly judgement: Judgement }) => params.judgement }),
    noteConsent: assign({ consented: true }),
    noteCancelled: assign({ cancelled: true }),
    countQuestion: assign({ asked: ({ context }) => context.asked + 1 }),
    noteOutcome: assign({
      outcome: (_, params: { readonly performed: PerformOutput }) => params.performed.outcome,
    }),
    noteUnknown: assign({ outcome: "unknown" }),
    yieldSubject: emit({ type: "subject.yield" }),
    awaitPin: emit({ type: "pin.await" }),
    endConsent: emit({ type: "consent.over" }),
  },
  guards: {
    hasPassed: (_, params: { readonly step: StepOutput }) => params.step.type === "passed",
    isAllowed: (_, params: { readonly decision: Decision }) => params.decision.type === "allow",
    mustBeConfirmed: (_, params: { readonly decision: Decision }) => params.decision.type === "confirm",
    isUnknown: (_, params: { readonly performed: PerformOutput }) => params.performed.outcome === "unknown",
    isByPin: ({ context }) => context.by === "pin",
    isConsented: ({ context }) => context.consented,
    isCancelled: ({ context }) => context.cancelled,
    isGranted: ({ context }) => context.judgement?.verdict === "granted",
    mayAskAgain: ({ context }) =>
      context.judgement?.verdict === "ask-again" && context.by === "word" && context.asked < MAX_QUESTIONS,
    isDenied: ({ context }) => context.code !== undefined,
  },
})

const codeOf = (step: StepOutput | Decision): DenialCode => ("code" in step ? step.code : "internal")

const judgedCode = (judgement: Judgement | undefined): DenialCode =>
  judgement?.verdict === "denied" ? judgement.code : "refused-by-user"
