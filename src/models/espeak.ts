import { type PhonemeClause, type PhonemeLanguage, type Phonemizer, splitClauses } from "./phonemes.ts"

/** Clauses remembered: confirmations, prompts and times come back all day. */
const CACHED_CLAUSES = 512

/**
 * espeak-ng as WebAssembly (the `phonemizer` package). **GPL-3.0-or-later**, whatever the wrapper's own licence says:
 * it is a separate, replaceable part behind `Phonemizer`. Each clause is phonemised alone, since the wrapper drops the
 * punctuation that the voices need, and is cached. The first clauses are slow (compilation), so warm it up.
 */
export async function openEspeak(): Promise<Phonemizer> {
  const { phonemize } = await importQuietly()
  const cache = new Map<string, string>()

  async function clausePhonemes(text: string, language: PhonemeLanguage): Promise<string> {
    const key = `${language}\n${text}`
    const known = cache.get(key)
    const phonemes = known ?? (await phonemize(text, language)).join(" ").trim()
    cache.delete(key)
    cache.set(key, phonemes)
    if (cache.size > CACHED_CLAUSES) {
      const oldest = cache.keys().next()
      if (!oldest.done) cache.delete(oldest.value)
    }
    return phonemes
  }

  return {
    name: "espeak-ng (WebAssembly)",
    licence: "GPL-3.0-or-later",
    async phonemize(text, language) {
      const clauses: PhonemeClause[] = []
      for (const { text: words, mark, endsSentence } of splitClauses(text)) {
        const phonemes = await clausePhonemes(words, language)
        if (phonemes.length > 0) clauses.push({ phonemes, mark, endsSentence })
      }
      return clauses
    },
  }
}

/**
 * Importing the package installs process-wide handlers for uncaught errors that only throw again; failures of the
 * process are the host's business, so they are taken away.
 */
async function importQuietly() {
  const before = {
    uncaughtException: process.listeners("uncaughtException"),
    unhandledRejection: process.listeners("unhandledRejection"),
  }
  const module = await import("phonemizer")
  for (const listener of process.listeners("uncaughtException")) {
    if (!before.uncaughtException.includes(listener)) process.off("uncaughtException", listener)
  }
  for (const listener of process.listeners("unhandledRejection")) {
    if (!before.unhandledRejection.includes(listener)) process.off("unhandledRejection", listener)
  }
  return module
}
