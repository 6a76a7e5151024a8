import type { ModelFailure, ModelState } from "../../ports/models.ts"

/** Why there is no memory for the configured language model. */
export interface NoMemory {
  readonly kind: "refused" | "does-not-fit"
  /** Can be spoken. */
  readonly sentence: string
}

/** What is known of the configured language model's memory, and what was said about who answers in its place. */
export interface StandInState {
  /** Undefined as long as nothing is known to keep it out. */
  readonly cause: NoMemory | undefined
  /** The notice: nobody needed to hear it yet; it is to be spoken; it was, once for this cause. */
  readonly spoken: "not-yet" | "due" | "done"
}

export type StandInEvent =
  /** The configured model is loaded, or writes. */
  | { readonly type: "model.there" }
  | { readonly type: "model.without-memory"; readonly cause: NoMemory }
  /** Another model answers a question. */
  | { readonly type: "stand-in.answers" }
  | { readonly type: "notice.taken" }

export const nothingKnown: StandInState = { cause: undefined, spoken: "not-yet" }

/** A cause lasts until the model is there again, whatever reasons are given for it meanwhile. */
export const nextStandIn = (state: StandInState, event: StandInEvent): StandInState => {
  switch (event.type) {
    case "model.there":
      return nothingKnown
    case "model.without-memory":
      return { ...state, cause: event.cause }
    case "stand-in.answers":
      return state.cause !== undefined && state.spoken === "not-yet" ? { ...state, spoken: "due" } : state
    case "notice.taken":
      return state.spoken === "due" ? { ...state, spoken: "done" } : state
  }
}

/** The failures after which a smaller model is the next rung of the ladder. */
export const noMemoryOf = ({
  reason,
  message,
}: Pick<ModelFailure, "reason" | "message">): NoMemory | undefined => {
  // A refusal is a sentence that can be spoken already.
  if (reason === "refused") return { kind: reason, sentence: message }
  if (reason !== "does-not-fit") return undefined
  return { kind: reason, sentence: "There is not enough free memory for the language model." }
}

/**
 * Whether a turn that has waited a moment for the configured model, while a cause was known, goes on waiting. A load
 * under way has its memory, unless what was wrong was that the model did not fit once it was loaded.
 */
export const isWorthWaiting = ({ cause }: StandInState, model: ModelState | undefined): boolean => {
  if (cause === undefined || model === "ready" || model === "busy") return true
  return cause.kind === "refused" && model === "loading"
}

/** What the user is told once for each cause. */
export const standInNotice = ({ sentence }: NoMemory): string =>
  `${sentence} Until it is free, my small built-in model answers.`
