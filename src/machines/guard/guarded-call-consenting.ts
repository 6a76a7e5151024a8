import { denyAsTold, denyWith, passTo } from "./guarded-call-denial.ts"
import { guardedCallSetup } from "./guarded-call-setup.ts"
import type { Judgement } from "./guarded-call-types.ts"

const takeVerdict = {
  "consent.judged": {
    target: "recordingVerdict",
    actions: {
      type: "noteJudgement",
      params: ({ event }: { readonly event: { readonly judgement: Judgement } }) => ({
        judgement: event.judgement,
      }),
    },
  },
} as const

/**
 * A person is asked: by a question that ends with a word, or for the PIN. That they are asked is on record before the
 * engine is asked about the container, and what they answered before it counts.
 */
export const consentingStates = guardedCallSetup.createStateConfig({
  initial: "recordingAsked",
  exit: "endConsent",
  on: {
    "call.cancel": denyWith("cancelled"),
  },
  states: {
    recordingAsked: {
      invoke: {
        id: "recordAsked",
        src: "recordAsked",
        onDone: "identifying",
        onError: denyWith("audit-unavailable"),
      },
      after: {
        recordDeadline: denyWith("audit-unavailable"),
      },
    },
    identifying: {
      invoke: {
        id: "identifyTarget",
        src: "identifyTarget",
        input: { again: false },
        onDone: passTo("choosing"),
        onError: denyWith("internal"),
      },
      after: {
        identifyDeadline: denyWith("engine-away"),
      },
    },
    choosing: {
      always: [{ guard: "isByPin", target: "awaitingPin" }, { target: "asking" }],
    },
    asking: {
      entry: ["countQuestion", "yieldSubject"],
      invoke: {
        id: "askQuestion",
        src: "askQuestion",
        onDone: { target: "#guard.denying", actions: denyAsTold },
        onError: denyWith("internal"),
      },
      on: takeVerdict,
      after: {
        askDeadline: denyWith("consent-expired"),
      },
    },
    awaitingPin: {
      entry: ["yieldSubject", "awaitPin"],
      on: takeVerdict,
      after: {
        pinDeadline: denyWith("consent-expired"),
      },
    },
    recordingVerdict: {
      invoke: {
        id: "recordVerdict",
        src: "recordVerdict",
        input: ({ context }) => context.judgement,
        onDone: [
          { guard: "isGranted", target: "#guard.deciding.queued", actions: "noteConsent" },
          { guard: "mayAskAgain", target: "asking" },
          { target: "#guard.denying", actions: "denyAsJudged" },
        ],
        onError: denyWith("audit-unavailable"),
      },
      after: {
        recordDeadline: denyWith("audit-unavailable"),
      },
    },
  },
})
