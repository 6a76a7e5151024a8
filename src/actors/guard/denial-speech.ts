import type { ConfirmationRefusal } from "../../ports/consent.ts"
import type { DenialCode } from "../../ports/guard.ts"
import type { ToolDenial } from "../../ports/tools.ts"

/** What is said about each refusal: one short sentence of ours. `spoken` is the operation's own words: "stop postgres". */
const sentences: Readonly<Record<DenialCode, (spoken: string) => string>> = {
  malformed: () => "I can't do that: something in it is missing or doesn't fit.",
  "unknown-tool": () => "I don't have a tool for that.",
  "unknown-container": () => "I don't know that container.",
  "not-permitted": () => "I'm not allowed to do that.",
  "not-confident": () => "I'm not sure that I heard you right, so I did nothing. Please say it again.",
  "rate-limited": () => "That's too many operations at once. Please try again in a minute.",
  "consent-pending": () => "One thing at a time: I'm still waiting for another confirmation.",
  locked: () => "That was confirmed wrongly too often, so it is locked for a few minutes.",
  "pin-needed": (spoken) => `To ${spoken} I need your PIN. Type jett confirm at the desktop.`,
  "pin-not-set": (spoken) => `To ${spoken} you need a PIN first. Type jett pin set at the desktop.`,
  "refused-by-user": (spoken) => `Okay, I won't ${spoken}.`,
  "consent-expired": () => "I heard no confirmation in time, so I did nothing.",
  "container-busy": () => "I'm still busy with that one. Please try again in a moment.",
  "audit-unavailable": () => "I can't write to my audit log, so I won't do anything.",
  "not-connected": () => "I'm not connected to a server, so I can't do anything with containers yet.",
  "engine-away": () => "I can't reach the container engine, so I did nothing.",
  identity: () => "That's not the container that was meant, so I left it alone.",
  "timed-out": () => "That took too long, so I did nothing.",
  cancelled: () => "Cancelled. I did nothing.",
  internal: () => "Something went wrong on my side, so I did nothing.",
}

/** In the place of the sentence for `consent-pending`, where it is the PIN that is waited for. */
export const PIN_PENDING =
  "One thing at a time: I'm still waiting for your PIN. Type jett confirm --deny to drop that."

/** The sentence for a refusal; `spoken` where the operation is known. */
export const denialSpeech = (code: DenialCode, spoken = "do that"): string => sentences[code](spoken)

/** What a caller is told. */
export const denialOf = (code: DenialCode, spoken?: string): ToolDenial => ({
  type: "denied",
  code,
  speech: denialSpeech(code, spoken),
})

/** The guard ended without a word: what became of the call is not known. */
export const noResult: ToolDenial = {
  type: "denied",
  code: "internal",
  speech: "Something went wrong, and I can't tell what became of that.",
}

export const isDenialCode = (text: string | undefined): text is DenialCode =>
  text !== undefined && Object.hasOwn(sentences, text)

/** What a judged answer that is no consent comes to. */
export const codeOfRefusal = (reason: ConfirmationRefusal): DenialCode => {
  switch (reason) {
    case "silence":
    case "too-late":
    case "not-pending":
      return "consent-expired"
    case "too-many-failures":
      return "locked"
    default:
      return "refused-by-user"
  }
}

/** Nobody saw how it ended. */
export const unknownSpeech = (spoken: string): string =>
  `I tried to ${spoken}, but I don't know whether it worked.`

/** Added to what a receipt says when it could not be written down. */
export const UNRECORDED =
  "I couldn't write that down in my audit log, so I won't do anything more until I can."
