import { setup } from "xstate"
import { answerTurn, judgeConsent } from "./conversation-actors.ts"
import type { ConversationContext } from "./conversation-context.ts"
import { conversationDelays, conversationGuards } from "./conversation-rules.ts"
import type { ConversationCommand, ConversationEvent, ConversationInput } from "./conversation-types.ts"

/** What the actions are made with: types, actors, guards and delays. */
export const conversationBase = setup({
  types: {
    context: {} as ConversationContext,
    events: {} as ConversationEvent,
    emitted: {} as ConversationCommand,
    input: {} as ConversationInput,
  },
  actors: { answerTurn, judgeConsent },
  guards: conversationGuards,
  delays: conversationDelays,
})
