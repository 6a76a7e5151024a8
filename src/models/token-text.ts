/** Stands for bytes that are not (yet) a character. */
const INCOMPLETE = "\uFFFD"
/** A character of UTF-8 has at most four bytes, and a token at least one of them. */
const MOST_TOKENS_OF_A_CHARACTER = 4
/** Some tokenizers need to see what came before to decide about a leading space. */
const CONTEXT_TOKENS = 8

/** Turns tokens into text as they come; a character whose bytes lie in several tokens waits for the last of them. */
export class TokenText<Token> {
  readonly #textOf: (tokens: readonly Token[], before: readonly Token[]) => string
  #before: Token[] = []
  #waiting: Token[] = []

  constructor(textOf: (tokens: readonly Token[], before: readonly Token[]) => string) {
    this.#textOf = textOf
  }

  push(token: Token): string {
    this.#waiting.push(token)
    const text = this.#textOf(this.#waiting, this.#before)
    if (text.endsWith(INCOMPLETE) && this.#waiting.length < MOST_TOKENS_OF_A_CHARACTER) return ""
    this.#before = [...this.#before, ...this.#waiting].slice(-CONTEXT_TOKENS)
    this.#waiting = []
    return text
  }
}
