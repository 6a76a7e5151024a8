import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type {
  CallContext,
  ToolCall,
  ToolDenial,
  ToolEvent,
  ToolReceipt,
  Tools,
} from "../../src/ports/tools.ts"

/** A guard that a test writes: `reply` is what comes of each call. */
export class ScriptedTools implements Tools {
  readonly definitions = ["list_containers", "container_logs", "restart_container"].map((name) => ({
    name,
    description: name,
    parameters: { type: "object" },
  }))
  readonly calls: { readonly call: ToolCall; readonly context: CallContext }[] = []
  /** Calls under way: neither ended nor interrupted. */
  running = 0
  reply: (call: ToolCall) => Stream.Stream<ToolEvent>

  constructor(reply: (call: ToolCall) => Stream.Stream<ToolEvent>) {
    this.reply = reply
  }

  call(call: ToolCall, context: CallContext): Stream.Stream<ToolEvent> {
    return Stream.suspend(() => {
      this.calls.push({ call, context })
      this.running++
      return Stream.ensuring(
        this.reply(call),
        Effect.sync(() => {
          this.running--
        }),
      )
    })
  }
}

export const receipt = (speech: string, more: Partial<ToolReceipt> = {}): ToolReceipt => ({
  type: "receipt",
  receiptId: "r",
  tool: "restart_container",
  outcome: "done",
  speech,
  observed: {},
  ...more,
})

export const denial = (code: ToolDenial["code"], speech: string): ToolDenial => ({
  type: "denied",
  code,
  speech,
})

export const question = (consentId: string): ToolEvent => ({
  type: "consent-needed",
  consentId,
  question: "Restart n eight n? Say tango.",
  expiresInMs: 20_000,
})
