import type { Stream } from "effect/Stream"
import type { CallOrigin, DenialCode, OperationOutcome, Tier } from "./guard.ts"

/** JSON Schema of one tool, as the language model sees it. */
export interface ToolDefinition {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

export interface ToolCall {
  /** The same id again gives the same result, and acts only once. */
  readonly callId: string
  readonly turnId: string
  readonly revision: number
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Where a call comes from; whoever runs the turn knows, the caller's own words do not count. */
export interface CallContext {
  readonly origin: CallOrigin
  /** Taint lasts as long as this id. */
  readonly conversationId: string
  /** Whether what the user said was understood beyond doubt; typed words always are. */
  readonly confident: boolean
}

export interface ToolReceipt {
  readonly type: "receipt"
  readonly receiptId: string
  readonly tool: string
  /** Of the operation. After anything but `read` the model has nothing left to say in this turn. */
  readonly tier?: Tier | undefined
  readonly outcome: OperationOutcome
  /** What is said about it: made from what was observed afterwards, never by a model. */
  readonly speech: string
  readonly observed: Readonly<Record<string, unknown>>
  /**
   * Text that somebody else wrote, such as a log: bounded, stripped and redacted, and still not to be believed. The
   * conversation is tainted from here on. Only a call without tools may read it.
   */
  readonly untrusted?: string | undefined
}

export interface ToolDenial {
  readonly type: "denied"
  readonly code: DenialCode
  readonly speech: string
}

export type ToolResult = ToolReceipt | ToolDenial

export type ToolEvent =
  | {
      readonly type: "consent-needed"
      readonly consentId: string
      readonly question: string
      /** From when the question has been heard. */
      readonly expiresInMs: number
    }
  | ToolResult

/** The one door to every side effect. A denial is a result, not a failure; the stream always ends with receipt or denied. */
export interface Tools {
  readonly definitions: readonly ToolDefinition[]
  call(call: ToolCall, context: CallContext): Stream<ToolEvent>
}
