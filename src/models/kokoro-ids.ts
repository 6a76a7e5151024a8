import { KOKORO_VOCABULARY } from "./kokoro-vocabulary.ts"
import type { PhonemeClause, PhonemeLanguage } from "./phonemes.ts"

/** Ids of one run, without the padding at both ends: the model's positions end at 512. */
export const KOKORO_MAX_IDS = 510

export interface KokoroBatches {
  /** Ids of one run each, at most 510, without the padding. */
  readonly batches: readonly (readonly number[])[]
  /** How many phonemes the model does not know; they are left out. */
  readonly unknown: number
}

/**
 * Kokoro's input. Long text is cut before 510 ids: after the last sentence that fits, else after the last clause, else
 * after the last word. Nothing is ever dropped but symbols that the model does not know.
 */
export function kokoroBatches(
  clauses: readonly PhonemeClause[],
  language: PhonemeLanguage,
  maxIds = KOKORO_MAX_IDS,
): KokoroBatches {
  const batches: number[][] = []
  let unknown = 0
  let batch: number[] = []
  /** Where `batch` may be cut: the best place is the highest rank, then the latest. */
  let cuts: { readonly at: number; readonly rank: number }[] = []

  function flush(at: number): void {
    batches.push(batch.slice(0, at))
    batch = batch.slice(at)
    cuts = cuts.filter((cut) => cut.at > at).map((cut) => ({ ...cut, at: cut.at - at }))
  }
  function add(symbol: string): void {
    const id = KOKORO_VOCABULARY.get(symbol)
    if (id === undefined) {
      unknown += 1
      return
    }
    if (batch.length === maxIds) flush(bestCut(cuts) ?? maxIds)
    batch.push(id)
  }

  for (const clause of clauses) {
    for (const symbol of kokoroPhonemes(clause.phonemes, language)) {
      add(symbol)
      if (symbol === " ") cuts.push({ at: batch.length, rank: 1 })
    }
    add(clause.mark)
    add(" ")
    cuts.push({ at: batch.length, rank: clause.endsSentence ? 3 : 2 })
  }
  if (batch.length > 0) flush(batch.length)
  return { batches, unknown }
}

function bestCut(cuts: readonly { readonly at: number; readonly rank: number }[]): number | undefined {
  return cuts.reduce<{ readonly at: number; readonly rank: number } | undefined>(
    (best, cut) => (best === undefined || cut.rank >= best.rank ? cut : best),
    undefined,
  )?.at
}

/** espeak-ng's phonemes as Kokoro learned them. Source: kokoro.js, `phonemize.js`. */
function kokoroPhonemes(phonemes: string, language: PhonemeLanguage): string {
  const common = phonemes
    .replaceAll("ʲ", "j")
    .replaceAll("r", "ɹ")
    .replaceAll("x", "k")
    .replaceAll("ɬ", "l")
    .replace(/(?<=[a-zɹː])(?=hˈʌndɹɪd)/g, " ")
    .replace(/ z(?= |$)/g, "z")
  return language === "en-us" ? common.replace(/(?<=nˈaɪn)ti(?!ː)/g, "di") : common
}
