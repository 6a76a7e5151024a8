import type { ChallengeWord } from "./challenge-words.ts"

/** Deals challenge words by chance, none of which was dealt lately: a recording of an old answer is of no use. */
export class WordDealer {
  readonly #words: readonly ChallengeWord[]
  readonly #random: (below: number) => number
  /** The older half of the words can come again. */
  readonly #restsFor: number
  #lately: readonly ChallengeWord[] = []

  constructor(words: readonly ChallengeWord[], random: (below: number) => number) {
    if (words.length < 4) throw new Error(`${words.length} challenge words; expected at least 4`)
    this.#words = words
    this.#random = random
    this.#restsFor = Math.floor(words.length / 2)
  }

  /** None that is in `spoken`: the question would give it away before its end. */
  deal(spoken: string): ChallengeWord {
    const said = new Set(spoken.toLowerCase().split(/[^a-z]+/))
    const unsaid = this.#words.filter(({ word, spellings }) => ![word, ...spellings].some((w) => said.has(w)))
    const fresh = unsaid.filter((word) => !this.#lately.includes(word))
    const choice = fresh.length > 0 ? fresh : unsaid
    const word = choice[this.#random(choice.length)]
    if (word === undefined) throw new Error(`no challenge word for a question of ${said.size} words`)
    this.#lately = [...this.#lately, word].slice(-this.#restsFor)
    return word
  }

  wordsBut(word: ChallengeWord): readonly ChallengeWord[] {
    return this.#words.filter((other) => other !== word)
  }
}
