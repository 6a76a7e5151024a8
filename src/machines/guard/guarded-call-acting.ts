import type { DenialCode } from "../../ports/guard.ts"
import { denyAsTold, denyWith, hasPassed } from "./guarded-call-denial.ts"
import { guardedCallSetup } from "./guarded-call-setup.ts"

/** It was not begun, though its intent is on record: the outcome says so. */
const settleAs = (code: DenialCode) =>
  ({ target: "recordingOutcome", actions: { type: "deny", params: { code } } }) as const

const unlessDenied = <Target extends string>(target: Target) =>
  [{ guard: "isDenied", target: "#guard.denied" }, { target }] as const

/**
 * From the intent on record to the outcome on record. Every intent gets an outcome, and what is being done is not
 * interrupted by anybody who changed their mind.
 */
export const actingStates = guardedCallSetup.createStateConfig({
  initial: "recordingIntent",
  states: {
    recordingIntent: {
      invoke: {
        id: "recordIntent",
        src: "recordIntent",
        onDone: [
          { guard: "isCancelled", ...settleAs("cancelled") },
          { guard: "isConsented", target: "executing" },
          { target: "identifying" },
        ],
        onError: denyWith("audit-unavailable"),
      },
      on: { "call.cancel": { actions: "noteCancelled" } },
      after: {
        recordDeadline: denyWith("audit-unavailable"),
      },
    },
    /** What nobody had to agree to is identified only now, after a row that says so. */
    identifying: {
      invoke: {
        id: "identifyTarget",
        src: "identifyTarget",
        input: { again: false },
        onDone: [
          { guard: hasPassed, target: "executing" },
          { target: "recordingOutcome", actions: denyAsTold },
        ],
        onError: settleAs("internal"),
      },
      on: {
        "call.cancel": settleAs("cancelled"),
      },
      after: {
        identifyDeadline: settleAs("engine-away"),
      },
    },
    executing: {
      entry: "noteUnknown",
      invoke: {
        id: "performOperation",
        src: "performOperation",
        onDone: [
          {
            guard: { type: "isUnknown", params: ({ event }) => ({ performed: event.output }) },
            target: "reconciling",
          },
          {
            target: "recordingOutcome",
            actions: { type: "noteOutcome", params: ({ event }) => ({ performed: event.output }) },
          },
        ],
        onError: "reconciling",
      },
      after: { executeDeadline: "reconciling" },
    },
    reconciling: {
      invoke: {
        id: "reconcileOperation",
        src: "reconcileOperation",
        onDone: {
          target: "recordingOutcome",
          actions: { type: "noteOutcome", params: ({ event }) => ({ performed: event.output }) },
        },
        onError: "recordingOutcome",
      },
      after: { reconcileDeadline: "recordingOutcome" },
    },
    recordingOutcome: {
      invoke: {
        id: "recordOutcome",
        src: "recordOutcome",
        input: ({ context }) => ({ outcome: context.outcome, code: context.code }),
        onDone: unlessDenied("#guard.receipt"),
        onError: unlessDenied("#guard.unrecorded"),
      },
      after: {
        recordDeadline: unlessDenied("#guard.unrecorded"),
      },
    },
  },
})
