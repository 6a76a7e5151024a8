import { actingStates } from "./guarded-call-acting.ts"
import { consentingStates } from "./guarded-call-consenting.ts"
import { denyAsTold, denyWith, passTo } from "./guarded-call-denial.ts"
import { guardedCallSetup } from "./guarded-call-setup.ts"

/**
 * One call at the guard: validate → admit → queue → authorise [→ ask → confirm → queue] → record intent → execute
 * [→ reconcile] → record outcome → receipt; and from wherever nothing was begun → record denial → denied.
 *
 * Nothing is executed before its intent is on record, nor changed without consent that is. Whatever fails, hangs or is
 * not understood before that is a denial; afterwards it is an outcome, `unknown` where nobody saw it.
 */
export const guardedCallMachine = guardedCallSetup.createMachine({
  id: "guard",
  context: ({ input }) => ({
    ...input,
    by: undefined,
    judgement: undefined,
    asked: 0,
    consented: false,
    cancelled: false,
    code: undefined,
    outcome: undefined,
  }),
  initial: "deciding",
  states: {
    deciding: {
      initial: "validating",
      on: {
        "call.cancel": denyWith("cancelled"),
      },
      states: {
        validating: {
          invoke: {
            id: "validateCall",
            src: "validateCall",
            onDone: passTo("admitting"),
            onError: denyWith("internal"),
          },
          after: {
            validateDeadline: denyWith("timed-out"),
          },
        },
        admitting: {
          invoke: {
            id: "admitCall",
            src: "admitCall",
            onDone: passTo("queued"),
            onError: denyWith("internal"),
          },
          after: {
            admitDeadline: denyWith("audit-unavailable"),
          },
        },
        queued: {
          invoke: {
            id: "takeTurn",
            src: "takeTurn",
            onDone: [{ guard: "isConsented", target: "identifyingAgain" }, { target: "authorising" }],
            onError: denyWith("internal"),
          },
          after: {
            queueDeadline: denyWith("container-busy"),
          },
        },
        authorising: {
          invoke: {
            id: "authoriseCall",
            src: "authoriseCall",
            onDone: [
              {
                guard: { type: "isAllowed", params: ({ event }) => ({ decision: event.output }) },
                target: "#guard.acting",
              },
              {
                guard: { type: "mustBeConfirmed", params: ({ event }) => ({ decision: event.output }) },
                target: "#guard.consenting",
                actions: { type: "noteWhoConsents", params: ({ event }) => ({ decision: event.output }) },
              },
              { target: "#guard.denying", actions: denyAsTold },
            ],
            onError: denyWith("internal"),
          },
          after: {
            authoriseDeadline: denyWith("timed-out"),
          },
        },
        /** The container that was asked about may have been removed and made anew meanwhile. */
        identifyingAgain: {
          invoke: {
            id: "identifyTargetAgain",
            src: "identifyTarget",
            input: { again: true },
            onDone: passTo("#guard.acting"),
            onError: denyWith("internal"),
          },
          after: {
            identifyDeadline: denyWith("engine-away"),
          },
        },
      },
    },
    consenting: consentingStates,
    acting: actingStates,
    denying: {
      invoke: {
        id: "recordDenial",
        src: "recordDenial",
        input: ({ context }) => context.code ?? "internal",
        onDone: "denied",
        // Nothing was done, and nothing will be: that much is true without a row.
        onError: "denied",
      },
      after: { recordDeadline: "denied" },
    },
    receipt: { type: "final" },
    /** Done, and not on record: the caller is told so, and the guard refuses everything until it is. */
    unrecorded: { type: "final" },
    denied: { type: "final" },
  },
})
