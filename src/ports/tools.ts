import type { Stream } from "effect/Stream"

/** JSON Schema of one tool, as the language model sees it. */
export interface ToolDefinition {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

export interface ToolCall {
  readonly callId: string
  readonly turnId: string
  readonly revision: number
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

export type ToolEvent =
  | {
      readonly type: "consent-needed"
      readonly consentId: string
      readonly question: string
      readonly expiresInMs: number
    }
  | {
      readonly type: "receipt"
      readonly receiptId: string
      readonly speech: string
      readonly observed: Readonly<Record<string, unknown>>
    }
  | { readonly type: "denied"; readonly code: string; readonly speech: string }

/** The one door to every side effect. A denial is a result, not a failure; the stream always ends with receipt or denied. */
export interface Tools {
  readonly definitions: readonly ToolDefinition[]
  call(call: ToolCall): Stream<ToolEvent>
}
