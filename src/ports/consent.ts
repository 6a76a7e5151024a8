import type { Effect } from "effect/Effect"
import type { CallOrigin } from "./guard.ts"
import type { ToolResult } from "./tools.ts"

/** The user's answer to a consent question. Times are of the audio clock. */
export type ConsentAnswer =
  | {
      readonly type: "spoken"
      readonly consentId: string
      readonly transcript: string
      readonly confidence: number
      readonly audioStartMs: number
      readonly questionEndMs: number
      readonly echoSuspect: boolean
    }
  | { readonly type: "typed"; readonly consentId: string; readonly text: string }

export type ConsentVerdict = "granted" | "denied" | "ask-again" | "expired"

/** The guard judges the answer; the conversation only asks and captures. */
export interface Consent {
  answer(answer: ConsentAnswer): Effect<ConsentVerdict>
  /** The question is not asked any more: a denial. */
  withdraw(consentId: string): Effect<void>
}

/** What somebody is asked to agree to. */
export interface ConfirmationRequest {
  readonly origin: CallOrigin
  /** What failures are counted against: tool and container. */
  readonly operationKey: string
  /** "restart n eight n": from the canonical arguments. */
  readonly spoken: string
  /** Over action, target and turn; a grant is for this hash alone. */
  readonly hash: string
}

/** One question that waits for its answer. */
export interface Confirmation {
  readonly consentId: string
  /** Ends with the challenge word. */
  readonly question: string
  /** From when the question has been heard. */
  readonly expiresInMs: number
}

export type ConfirmationVerdict =
  | { readonly type: "granted"; readonly hash: string }
  /** `reason` is one of a fixed list, and no transcript. */
  | { readonly type: "denied"; readonly reason: ConfirmationRefusal }
  | { readonly type: "ask-again"; readonly reason: ConfirmationRefusal; readonly confirmation: Confirmation }

export type ConfirmationRefusal =
  | "deny-word"
  | "silence"
  | "wrong-word"
  | "unclear"
  | "too-early"
  | "too-late"
  | "own-voice"
  | "wrong-channel"
  | "not-pending"
  | "too-many-failures"

/** A verdict of an earlier process, as its rows tell: a failure that counted, the last one before a lock, a success. */
export interface EarlierVerdict {
  readonly operationKey: string
  readonly type: "failed" | "locked" | "granted"
  /** How long ago, in ms. */
  readonly ageMs: number
}

/** The one pending question of the whole assistant. Time is handed in: monotonic ms. */
export interface ConfirmationDesk {
  /** Undefined while another one is pending. */
  open(request: ConfirmationRequest, nowMs: number): Confirmation | undefined
  /** Whatever the verdict, the word that was asked for is used up. */
  judge(answer: ConsentAnswer, nowMs: number): ConfirmationVerdict
  close(consentId: string): void
  isPending(nowMs: number): boolean
  /** How long the operation is still locked after failures; 0 where it is not. */
  lockedMs(operationKey: string, nowMs: number): number
  /** How long a failure counts and a lock lasts, in ms: how far back verdicts of an earlier process matter. */
  readonly lockMs: number
  /** Verdicts of an earlier process, oldest first, so that a restart forgives nothing. What is known already stays. */
  seed(verdicts: Iterable<EarlierVerdict>, nowMs: number): void
}

/** The PIN of the danger tier: typed, never spoken, kept as a slow hash. */
export interface Pin {
  readonly isSet: Effect<boolean>
  verify(pin: string): Effect<"right" | "wrong" | "locked" | "not-set">
}

/** An operation that waits for the PIN. */
export interface PendingPin {
  readonly consentId: string
  /** "stop postgres" */
  readonly spoken: string
  readonly expiresInMs: number
}

/** Where the PIN is given: the dashboard, or `jett confirm`. */
export interface PinConsent {
  pending(): PendingPin | undefined
  /** Carries the operation out if the PIN is right. */
  confirm(
    consentId: string,
    pin: string,
  ): Effect<
    | ToolResult
    | { readonly type: "pin-refused"; readonly why: "wrong" | "locked" | "not-set" | "not-pending" }
  >
  deny(consentId: string): Effect<void>
}
