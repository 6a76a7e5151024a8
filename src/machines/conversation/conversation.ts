import { conversationSetup } from "./conversation-actions.ts"
import { hearingStates } from "./conversation-hearing.ts"
import { restingStates } from "./conversation-resting.ts"
import { speakingStates } from "./conversation-speaking.ts"
import { thinkingStates } from "./conversation-thinking.ts"

/**
 * The conversation: listening → waking → transcribing → thinking [→ confirming] → speaking → follow-up → listening.
 *
 * Events record facts about the turn in hand (in `dialogue.on`); the states read those facts. A late event of an
 * older turn or revision is not `isCurrent` and changes nothing. Runs on the audio clock.
 */
export const conversationMachine = conversationSetup.createMachine({
  id: "conversation",
  type: "parallel",
  context: ({ input }) => ({
    settings: input.settings,
    turn: undefined,
    probe: undefined,
    nowMs: 0,
    muted: false,
    echoCancelled: input.echoCancelled,
    down: [],
    consent: undefined,
  }),
  states: {
    dialogue: {
      initial: "listening",
      on: {
        "turn.understood": [
          { guard: "isCurrent", actions: ["noteTime", "recordVerdict"] },
          { guard: "isProbe", actions: ["noteTime", "recordProbeVerdict"] },
        ],
        "turn.clause": [
          { guard: "isCurrent", actions: "recordClause" },
          { guard: "isProbe", actions: "recordProbeClause" },
        ],
        "turn.written": [
          { guard: "isCurrent", actions: "recordWritten" },
          { guard: "isProbe", actions: "recordProbeWritten" },
        ],
        "turn.failed": [
          { guard: "isCurrent", actions: "recordFailure" },
          { guard: "isProbe", actions: "recordProbeFailure" },
        ],
        "turn.acted": { guard: "isCurrent", actions: "recordActed" },
        "turn.consent": { actions: "refuseConsent" },
        "speaker.drained": { guard: "isCurrent", actions: ["noteTime", "recordDrained"] },
        "user.unmute": { actions: "setUnmuted" },
        "user.cancel": {
          target: ".ended",
          actions: ["dropSpeech", "dropProbe", "closeCancelled"],
        },
        "user.mute": {
          target: ".muted",
          actions: ["dropSpeech", "dropProbe", "closeCancelled", "setMuted"],
        },
      },
      states: {
        ...restingStates,
        ...hearingStates,
        ...thinkingStates,
        ...speakingStates,

        /** The turn is over and was spoken, or had nothing to say. Passed through, never stayed in. */
        finished: {
          always: [
            { guard: "wantsMute", target: "muted", actions: ["dropSpeech", "closeSpoken", "setMuted"] },
            { guard: "opensFollowUp", target: "followUp", actions: ["dropSpeech", "closeSpoken"] },
            { target: "ended", actions: ["dropSpeech", "closeSpoken"] },
          ],
        },

        failed: {
          always: { target: "ended", actions: ["dropSpeech", "dropProbe", "closeFailed"] },
        },

        ended: {
          always: [{ guard: "isMuted", target: "muted" }, { target: "listening" }],
        },
      },
    },

    health: {
      initial: "healthy",
      on: {
        "part.down": { actions: "recordDown" },
        "part.up": { actions: "recordUp" },
        "echo.changed": { actions: "recordEcho" },
      },
      states: {
        healthy: { always: { guard: "isDegraded", target: "degraded" } },
        degraded: { always: { guard: "isHealthy", target: "healthy" } },
      },
    },
  },
})
