import type { Confirmation, ConfirmationVerdict } from "../../src/ports/consent.ts"

/** The question names the word last. */
export const wordOf = ({ question }: Confirmation): string => /say: (\w+)\.$/.exec(question)?.[1] ?? ""

/** The question that came with a verdict that has to be "ask again". */
export const askedAgain = (verdict: ConfirmationVerdict): Confirmation => {
  if (verdict.type !== "ask-again") throw new Error(`expected ask-again, got ${JSON.stringify(verdict)}`)
  return verdict.confirmation
}

export const granted = { type: "granted", hash: "a1" }
export const denied = (reason: string) => ({ type: "denied", reason })
