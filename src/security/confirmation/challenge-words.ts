/** A word that is asked for, and what speech to text makes of it when it is spoken alone. */
export interface ChallengeWord {
  readonly word: string
  /** Other spellings that are taken for it, each one word that no other challenge word could give. */
  readonly spellings: readonly string[]
}

const word = (text: string, ...spellings: readonly string[]): ChallengeWord => ({ word: text, spellings })

/**
 * What is asked for in a confirmation: long, well-known words, which the recogniser knows by more than one sound. Those
 * of about 180 candidates that were heard at least 98 times in a hundred, spoken alone by seven voices in noise at 20 dB:
 * `npm run bench -- challenge-words`. Short ones are not: "tango" is heard as "And no", "piano" as "Bano". A spelling is
 * what was really heard for the word.
 */
export const CHALLENGE_WORDS: readonly ChallengeWord[] = [
  word("calendar"),
  word("orchestra"),
  word("domino"),
  word("california"),
  word("telephone"),
  word("university"),
  word("symphony"),
  word("australia"),
  word("washington"),
  word("barcelona"),
  word("argentina"),
  word("istanbul"),
  word("copenhagen", "copenhagen's"),
  word("geometry"),
  word("nebraska"),
  word("tennessee"),
]
