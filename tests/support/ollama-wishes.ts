import type { LanguageModelWishes } from "../../src/models/choose-language-model.ts"

/** Of a language model, with times for a server that answers at once. */
export const ollamaWishes: Pick<LanguageModelWishes, "privacy" | "settings"> = {
  privacy: { allowRemoteLlm: false },
  settings: {
    contextTokens: 2_048,
    replyTokens: 64,
    keepAlive: "30m",
    firstTokenMs: 1_000,
    coldLoadMs: 1_000,
  },
}
