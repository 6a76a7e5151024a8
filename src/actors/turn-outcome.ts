import * as Cause from "effect/Cause"
import type { Outcome, RefusalCode } from "../ports/assistant.ts"
import type { ModelFailure } from "../ports/models.ts"
import type { TurnRecord } from "../ports/turn.ts"

export const busy = {
  ok: false,
  code: "busy",
  message: "busy with another turn: wait for it, or `jett cancel` it",
} as const

export const away = {
  ok: false,
  code: "unavailable",
  message: "the conversation is just being started again: try again in a moment",
} as const

export const brokenOff = {
  ok: false,
  code: "failed",
  message: "the conversation broke in the middle of the turn and was started again: ask again",
} as const

export const abandoned = { ok: false, code: "cancelled", message: "the turn was cancelled" } as const

/** What whoever typed a turn is told of its end. */
export const outcomeOf = ({ id, outcome, reply }: TurnRecord): Outcome => {
  if (outcome === "answered" || outcome === "interrupted") return { ok: true, reply, turnId: id }
  if (outcome === "cancelled") return abandoned
  return { ok: false, code: "failed", message: `the turn ended without an answer (${outcome})` }
}

/** Why a file could not be transcribed. */
export const refusalOf = (
  cause: Cause.Cause<ModelFailure | { readonly _tag: string; readonly message: string }>,
): Outcome => {
  if (Cause.hasInterruptsOnly(cause))
    return { ok: false, code: "cancelled", message: "the transcription was cancelled" }
  const error = Cause.squash(cause)
  const message = error instanceof Error ? error.message : String(error)
  const tagged = typeof error === "object" && error !== null && "_tag" in error ? error : undefined
  const code: RefusalCode =
    tagged?._tag === "WavError"
      ? "bad-input"
      : tagged !== undefined && "reason" in tagged && tagged.reason === "missing"
        ? "model-missing"
        : "failed"
  return { ok: false, code, message }
}
