import type { AuditEntry, AuditKind } from "../../../ports/audit.ts"
import type { Confirmation, ConfirmationRefusal } from "../../../ports/consent.ts"
import type { DenialCode } from "../../../ports/guard.ts"
import type { GuardedTool, Operation, Performed, Target } from "../../../ports/guarded-tool.ts"
import type { CallContext, ToolCall, ToolResult } from "../../../ports/tools.ts"

/** All that is known of one call besides the state of its machine, which sees no text. Written by the call's own steps. */
export interface CallBook {
  readonly call: ToolCall
  readonly context: CallContext
  /** It is refused for this, whatever it says. */
  readonly refuse: DenialCode | undefined
  /** What it came to in an earlier life: that is its result, and nothing is done. */
  earlier: ToolResult | undefined
  tool: GuardedTool | undefined
  /** Ours from here on: nothing of it is the caller's. */
  operation: Operation | undefined
  target: Target | undefined
  /** The tool's own sentence for a denial, where it has one. */
  denial: { readonly code: DenialCode; readonly speech: string } | undefined
  /** What consent is asked for. */
  hash: string | undefined
  /** The question that is asked now. */
  question: Confirmation | undefined
  refusal: ConfirmationRefusal | undefined
  /** Where the PIN is awaited: its id, and since when, monotonic ms. */
  pin: { readonly consentId: string; readonly sinceMs: number } | undefined
  /** Sealed: redacted, and the conversation tainted if need be. */
  performed: Performed | undefined
  /** When the intent was put on record, wall clock, ms. */
  beganAtMs: number
  receiptId: string | undefined
}

export const openBook = (call: ToolCall, context: CallContext, refuse?: DenialCode): CallBook => ({
  call,
  context,
  refuse,
  earlier: undefined,
  tool: undefined,
  operation: undefined,
  target: undefined,
  denial: undefined,
  hash: undefined,
  question: undefined,
  refusal: undefined,
  pin: undefined,
  performed: undefined,
  beganAtMs: 0,
  receiptId: undefined,
})

/** What failures to confirm are counted against: made of what a row has, too. */
export const operationKey = ({ tool, container }: Pick<Operation, "tool" | "container">): string =>
  container === undefined ? tool : `${tool} ${container}`

/** A row about this call; nothing of it is the caller's text but the ids, which were checked, and the payload. */
export const entryOf = (
  { call, context, operation, target }: CallBook,
  tainted: boolean,
  row: Pick<AuditEntry, "decision" | "reason" | "payload"> & { readonly kind: AuditKind },
): AuditEntry => ({
  ...row,
  callId: call.callId,
  turnId: call.turnId,
  conversationId: context.conversationId,
  origin: context.origin,
  tool: operation?.tool,
  container: operation?.container,
  targetId: target?.id,
  tier: operation?.tier,
  tainted,
})

/** Arguments as they came, as one bounded text: they belong to nobody's schema. */
export const rawArguments = (args: unknown): string => {
  try {
    return JSON.stringify(args) ?? "nothing"
  } catch {
    return "unreadable"
  }
}
