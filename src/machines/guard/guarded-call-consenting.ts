import { guardedCallSetup } from "./guarded-call-setup.ts"

/**
 * A person is asked: by a question that ends with a word, or for the PIN. That they are asked is on record before the
 * engine is asked about the container, and what they answered before it counts.
 */
export const consentingStates = guardedCallSetup.createStateConfig({
  initial: "recordingAsked",
  exit: "endConsent",
  on: {
    "call.cancel": { target: "denying", actions: { type: "deny", params: { code: "cancelled" } } },
  },
  states: {
    recordingAsked: {
      invoke: {
        id: "recordAsked",
        src: "recordAsked",
        onDone: "identifying",
        onError: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "audit-unavailable" } },
        },
      },
      after: {
        recordDeadline: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "audit-unavailable" } },
        },
      },
    },
    identifying: {
      invoke: {
        id: "identifyTarget",
        src: "identifyTarget",
        input: { again: false },
        onDone: [
          {
            guard: { type: "hasPassed", params: ({ event }) => ({ step: event.output }) },
            target: "choosing",
          },
          {
            target: "#guard.denying",
            actions: { type: "denyAsTold", params: ({ event }) => ({ step: event.output }) },
          },
        ],
        onError: { target: "#guard.denying", actions: { type: "deny", params: { code: "internal" } } },
      },
      after: {
        identifyDeadline: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "engine-away" } },
        },
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
        onDone: {
          target: "#guard.denying",
          actions: { type: "denyAsTold", params: ({ event }) => ({ step: event.output }) },
        },
        onError: { target: "#guard.denying", actions: { type: "deny", params: { code: "internal" } } },
      },
      on: {
        "consent.judged": {
          target: "recordingVerdict",
          actions: { type: "noteJudgement", params: ({ event }) => ({ judgement: event.judgement }) },
        },
      },
      after: {
        askDeadline: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "consent-expired" } },
        },
      },
    },
    awaitingPin: {
      entry: ["yieldSubject", "awaitPin"],
      on: {
        "consent.judged": {
          target: "recordingVerdict",
          actions: { type: "noteJudgement", params: ({ event }) => ({ judgement: event.judgement }) },
        },
      },
      after: {
        pinDeadline: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "consent-expired" } },
        },
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
        onError: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "audit-unavailable" } },
        },
      },
      after: {
        recordDeadline: {
          target: "#guard.denying",
          actions: { type: "deny", params: { code: "audit-unavailable" } },
        },
      },
    },
  },
})
