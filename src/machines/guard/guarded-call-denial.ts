import type { Decision, DenialCode } from "../../ports/guard.ts"
import type { StepOutput } from "./guarded-call-types.ts"

interface Told<Step> {
  readonly event: { readonly output: Step }
}

/** Nothing was begun, for a reason that the chart knows. */
export const denyWith = (code: DenialCode) =>
  ({ target: "#guard.denying", actions: { type: "deny", params: { code } } }) as const

/** Nothing was begun, for the reason that the step gave. */
export const denyAsTold = {
  type: "denyAsTold",
  params: ({ event }: Told<StepOutput | Decision>) => ({ step: event.output }),
} as const

/** Onwards where the step passed; else nothing was begun, for the reason that it gave. */
export const passTo = <Target extends string>(target: Target) =>
  [
    { guard: hasPassed, target },
    { target: "#guard.denying", actions: denyAsTold },
  ] as const

export const hasPassed = {
  type: "hasPassed",
  params: ({ event }: Told<StepOutput>) => ({ step: event.output }),
} as const
