import { visibleText } from "./visible-text.ts"

const MAX_CHARS = 280
const MAX_SENTENCES = 2
/** Of what is read at all: a model that runs on is cut before anything is looked for. */
const MAX_READ_CHARS = 4_000

/** Spoken, it could be taken for a question of the guard's, an order to the user, or a word to Jett itself. */
const FORBIDDEN: readonly RegExp[] = [
  // Addresses and what looks like one.
  /\b[a-z][a-z0-9+.-]{1,10}:\/\/|\bwww\.|\b[a-z0-9-]{2,40}\.(?:com|net|org|io|dev|app|xyz|info|ru|cn|me|co|ai)\b|\S@\S/i,
  // Markup, code, marks of chat templates, marks of redaction.
  /[<>‹›{}[\]|`*_\\]|^\s*#/m,
  // Confirmations and their words.
  /\b(?:confirm(?:s|ed|ing|ations?)?|challenges?|approv(?:e|es|ed|ing|als?)|authori[sz](?:e|es|ed|ing|ation)|pass ?codes?|pin|consent)\b/i,
  // The listener, and those who listen.
  /\b(?:you|your|please|jett|jarvis|alexa|siri|assistant|users? (?:must|should|has to|have to|needs? to))\b/i,
  // Instructions about instructions.
  /\b(?:instructions?|prompt|ignore|disregard|override|system message)\b/i,
  // Orders to speak: "the log says" and "logs say" are none.
  /(?:^|[.!?:;,]\s*|\b(?:to|must|should|and|then|or|now|just)\s+)(?:say|repeat|speak|shout|answer|respond|reply|tell|read aloud)\b/i,
  // Orders to do something, at the beginning of a sentence.
  /(?:^|[.!?:;]\s+)(?:now |then |next |first |just )?(?:restart|start|stop|run|delete|remove|drop|open|call|type|enter|visit|go|press|click|forget|send|email|install|download|disable|enable|turn|give|use|try|make|do|don't)\b/i,
]

/**
 * What a model made of an untrusted text, if it may be spoken: one or two plain sentences that state something.
 * Undefined where it is anything else; nothing of it is repaired, and a fixed sentence is said in its place.
 */
export const cleanSummary = (summary: string): string | undefined => {
  const text = visibleText(summary.slice(0, MAX_READ_CHARS)).normalize("NFKC").replace(/\s+/g, " ").trim()
  if (!/\p{L}/u.test(text) || FORBIDDEN.some((pattern) => pattern.test(text))) return undefined
  const sentences = text.match(/[^.!?]*(?:[.!?](?!\s|$)[^.!?]*)*(?:[.!?]+|$)/g) ?? []
  const kept = sentences.map((sentence) => sentence.trim()).filter((sentence) => sentence !== "")
  const short = kept.slice(0, MAX_SENTENCES).join(" ")
  return short.length > MAX_CHARS ? ((kept[0] ?? "").length <= MAX_CHARS ? kept[0] : undefined) : short
}
