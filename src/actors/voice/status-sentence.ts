import type { Part } from "../../machines/conversation/conversation-types.ts"

/** Spoken for "status": what is away, in words. */
export const statusSentence = (down: readonly Part[]): string => {
  const names: Readonly<Record<Part, string>> = {
    stt: "speech recognition",
    tts: "my voice",
    llm: "the language model",
    mic: "the microphone",
    speaker: "the speaker",
  }
  if (down.length === 0) return "Everything is working."
  return `Not everything is working: ${down.map((part) => names[part]).join(" and ")} ${down.length === 1 ? "is" : "are"} away.`
}
