/** A word that is asked for, and what speech to text makes of it when it is spoken alone. */
export interface ChallengeWord {
  readonly word: string
  /** Other spellings that are taken for it, each one word that no other challenge word could give. */
  readonly spellings: readonly string[]
}

const word = (text: string, ...spellings: readonly string[]): ChallengeWord => ({ word: text, spellings })

/**
 * What is asked for in a confirmation. Chosen by measurement, with `npm run bench -- challenge-words`.
 */
export const CHALLENGE_WORDS: readonly ChallengeWord[] = [
  word("tango"),
  word("maple"),
  word("pumpkin"),
  word("elephant"),
  word("volcano"),
  word("umbrella"),
  word("butterfly"),
  word("piano"),
  word("rainbow"),
  word("blanket"),
  word("helicopter"),
  word("chocolate"),
  word("diamond"),
  word("kangaroo"),
  word("octopus"),
  word("mountain"),
]
