import type { PhonemeClause } from "./phonemes.ts"

const PAD = "_"
const BEGIN = "^"
const END = "$"

/** Marks that the voices were not trained on, and the nearest one that they were. */
const NEAREST_MARK: Readonly<Record<string, string>> = { "…": ".", "—": "," }

export type PhonemeIds = ReadonlyMap<string, readonly number[]>

export interface PiperSentences {
  /** Ids of one sentence each, ready for the model. */
  readonly sentences: readonly (readonly number[])[]
  /** How many phonemes the voice does not know; they are left out, as Piper does. */
  readonly unknown: number
}

/**
 * Piper's input: `^ _ (id _)… $`, one sentence a run, each clause followed by its mark, and by a space within the
 * sentence. Source: `piper_phonemize` (`phonemize_eSpeak`, `phonemes_to_ids`).
 */
export function piperSentences(clauses: readonly PhonemeClause[], phonemeIds: PhonemeIds): PiperSentences {
  const pad = phonemeIds.get(PAD) ?? [0]
  const sentences: number[][] = []
  let current: number[] = []
  let unknown = 0

  function add(symbol: string): void {
    const ids = phonemeIds.get(symbol)
    if (ids === undefined) unknown += 1
    else for (const id of ids) current.push(id, ...pad)
  }
  function finish(): void {
    if (current.length === 0) return
    sentences.push([...(phonemeIds.get(BEGIN) ?? [1]), ...pad, ...current, ...(phonemeIds.get(END) ?? [2])])
    current = []
  }

  for (const clause of clauses) {
    // Piper's maps hold decomposed characters: "ç" may be "c" and a cedilla.
    for (const symbol of clause.phonemes.normalize("NFD")) add(symbol)
    add(NEAREST_MARK[clause.mark] ?? clause.mark)
    if (clause.endsSentence) finish()
    else add(" ")
  }
  finish()
  return { sentences, unknown }
}
