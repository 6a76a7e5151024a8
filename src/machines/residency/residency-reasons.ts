import type { ModelClass } from "../../ports/residency.ts"
import { classRank } from "./residency-plan.ts"
import type { LedgerState, TenantRecord } from "./residency-types.ts"

const SPOKEN: Readonly<Record<ModelClass, string>> = {
  wake: "the wake word",
  vad: "hearing speech",
  stt: "speech recognition",
  llm: "the language model",
  tts: "my voice",
  background: "that task",
}

/** Why there is no memory for these models, as a sentence that can be spoken. */
export const reasonOf = (
  state: LedgerState,
  tenants: readonly TenantRecord[],
  why: "release" | "use" | "foreign" | "size",
): string => {
  const [first] = tenants.toSorted((a, b) => classRank[a.spec.modelClass] - classRank[b.spec.modelClass])
  const what = SPOKEN[first?.spec.modelClass ?? "background"]
  const memory = first?.spec.variants.some(({ placement }) => placement === "gpu")
    ? "graphics memory"
    : "memory"
  const isOver = Object.keys(state.overcommittedSinceMs).length > 0
  if (why === "size") return `There is not enough ${memory} in this computer for ${what}.`
  if (why === "foreign" || (isOver && state.foreignMib > 0)) {
    return `Other programs use the ${memory} that I need for ${what}.`
  }
  if (why === "use") return `The ${memory} for ${what} is in use. Please try again in a moment.`
  return `The ${memory} for ${what} was not free in time.`
}
