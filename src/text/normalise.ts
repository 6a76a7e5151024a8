import { readAddresses } from "./normalise/addresses.ts"
import { plainCharacters } from "./normalise/characters.ts"
import { readDates } from "./normalise/dates.ts"
import { withoutHtml } from "./normalise/html.ts"
import { readHashes, readIdentifiers } from "./normalise/identifiers.ts"
import { withoutMarkdown } from "./normalise/markdown.ts"
import { readLatex, readSigns } from "./normalise/math.ts"
import { readMoney } from "./normalise/money.ts"
import { readNumbers } from "./normalise/numbers.ts"
import { readNumerals } from "./normalise/numerals.ts"
import { tidyPunctuation, toSpeechAlphabet } from "./normalise/punctuation.ts"
import { readRanges } from "./normalise/ranges.ts"
import { readTimes } from "./normalise/times.ts"
import { readUnits } from "./normalise/units.ts"
import { readVersions } from "./normalise/versions.ts"
import { readWords } from "./normalise/words.ts"

/** The order matters: what has the most specific shape is read first, and what is left falls to the general rules. */
const PASSES: readonly ((text: string) => string)[] = [
  plainCharacters,
  withoutHtml,
  readLatex,
  withoutMarkdown,
  readAddresses,
  readHashes,
  readDates,
  readRanges,
  readTimes,
  readMoney,
  readVersions,
  readNumerals,
  readUnits,
  readSigns,
  readIdentifiers,
  readNumbers,
  toSpeechAlphabet,
  readWords,
  tidyPunctuation,
]

/**
 * What a language model writes → what a voice reads. May be empty (a ruler, an emoji): then there is nothing to say.
 *
 * The result holds letters, single spaces, apostrophes inside words and `. , ! ? ; :`, each mark followed by a space.
 * All figures are expanded to American English words, because phonemizers differ: espeak-ng reads "1024" as a
 * quantity whatever it is, and "$5" as "dollar five". Every pass before the last three looks for a character that is not in
 * that alphabet, and the last three are idempotent, so normalising twice changes nothing.
 */
export function normaliseForSpeech(text: string): string {
  return PASSES.reduce((spoken, pass) => pass(spoken), text)
}
