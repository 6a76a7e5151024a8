/** A stretch of speech between two punctuation marks. */
export interface PhonemeClause {
  /** IPA as espeak-ng writes it, words separated by spaces, with stress marks. */
  readonly phonemes: string
  /** The mark that ends it: one of `. ! ? , ; : … —`. */
  readonly mark: string
  /** Whether the mark ends a sentence. */
  readonly endsSentence: boolean
}

/** Turns English text into phonemes. The seam where another grapheme-to-phoneme engine would go. */
export interface Phonemizer {
  readonly name: string
  /** SPDX identifier: what a user who ships it must know. */
  readonly licence: string
  phonemize(text: string, language: PhonemeLanguage): Promise<readonly PhonemeClause[]>
}

/** espeak-ng's names of its American and British voices. */
export type PhonemeLanguage = "en-us" | "en"

export interface TextClause {
  readonly text: string
  readonly mark: string
  readonly endsSentence: boolean
}

/** A mark counts only before a space or the end, so that 3.5, 10:30 and 1,000 stay whole. Newlines end sentences. */
const CLAUSE = /(.*?)(?:([.!?,;:…—–])[.!?,;:…—–"'”’)\]]{0,8}(?=\s|$)|(—)|(\n)|$)/gsu
const MARKUP = /[[\]{}<>|_*#`~^\\"“”«»()]+/g

/** Cuts text at its punctuation, as espeak-ng does; the last clause gets a full stop if it has no mark. */
export function splitClauses(text: string): readonly TextClause[] {
  const clauses: TextClause[] = []
  for (const match of text.matchAll(CLAUSE)) {
    const words = (match[1] ?? "").replace(MARKUP, " ").replace(/\s+/g, " ").trim()
    if (!/[\p{L}\p{N}]/u.test(words)) continue
    const mark = (match[2] ?? match[3] ?? ".").replace("–", "—")
    clauses.push({ text: words, mark, endsSentence: ".!?…".includes(mark) })
  }
  return clauses
}
