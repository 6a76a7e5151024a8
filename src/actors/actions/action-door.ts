import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { Actions } from "../../ports/assistant.ts"
import type { Consent, PinConsent } from "../../ports/consent.ts"
import type { ToolDenial, ToolEvent, ToolResult, Tools } from "../../ports/tools.ts"
import { noResult } from "../guard/denial-speech.ts"

const cancelled: ToolDenial = { type: "denied", code: "cancelled", speech: "That was given up." }

/** What is being done is not broken off: nobody waited for what became of it. */
const abandoned: ToolDenial = {
  type: "denied",
  code: "cancelled",
  speech: "That was given up; if it had begun by then, it goes on. The audit log tells.",
}

/** The guard for whoever is no turn of a conversation: the command line and the control socket. */
export const actionDoor = (options: {
  readonly tools: Tools
  readonly consent: Consent
  readonly pins: PinConsent
}): Actions => {
  const { tools, consent, pins } = options
  /** The questions that are asked now, and wait for their answer. */
  const open = new Set<string>()
  return {
    callTool: async (name, args, onQuestion, signal) => {
      if (signal?.aborted) return cancelled
      let result: ToolResult = noResult
      let asked: string | undefined
      const hear = (event: ToolEvent): void => {
        if (asked !== undefined) open.delete(asked)
        asked = undefined
        if (event.type !== "consent-needed") {
          result = event
          return
        }
        const { consentId, question, expiresInMs } = event
        asked = consentId
        open.add(consentId)
        onQuestion({ consentId, question, expiresInMs })
      }
      const turnId = uuidV7()
      const call = { callId: uuidV7(), turnId, revision: 0, name, arguments: args }
      // A conversation of its own, since nothing of another one is known here: it taints none, and none taints it.
      const context = { origin: "command-line", conversationId: turnId, confident: true } as const
      const run = tools.call(call, context).pipe(
        Stream.runForEach((event) => Effect.sync(() => hear(event))),
        Effect.onInterrupt(() => (asked === undefined ? Effect.void : consent.withdraw(asked))),
      )
      const exit = await Effect.runPromiseExit(run, signal && { signal })
      const isAsking = asked !== undefined && open.delete(asked)
      if (Exit.isSuccess(exit)) return result
      if (!Cause.hasInterruptsOnly(exit.cause)) return noResult
      return isAsking ? cancelled : abandoned
    },
    answerQuestion: (consentId, text) => {
      open.delete(consentId)
      return settled(consent.answer({ type: "typed", consentId, text }))
    },
    pendingPin: () => pins.pending(),
    confirmPin: async (consentId, pin) => {
      const exit = await Effect.runPromiseExit(pins.confirm(consentId, pin))
      return Exit.isSuccess(exit) ? exit.value : noResult
    },
    denyPin: (consentId) => settled(pins.deny(consentId)),
  }
}

const settled = async (effect: Effect.Effect<unknown>): Promise<void> => {
  await Effect.runPromiseExit(effect)
}
