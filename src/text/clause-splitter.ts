import { abbreviationStop } from "./abbreviations.ts"
import { MarkupSpan } from "./markup-span.ts"

/** Until this much has been said, a clause may end at a comma: early enough to start speaking, long enough to sound natural. */
const FIRST_CLAUSE_CHARS = 25
/** A sentence longer than this is cut at its last inner clause boundary: small units keep synthesis ahead of playback. */
const CLAUSE_CHARS = 120
/** Without any boundary for this long, the last whitespace has to do. */
const HARD_LIMIT_CHARS = 180
/** A single word longer than this (base64, a run-away model) is cut anywhere. */
const WORD_LIMIT_CHARS = 2_000

const SENTENCE_END = /[.!?…]$/
const CLAUSE_END = /[,;:—]$/
/** May stand between a mark and the whitespace that makes it a boundary: `"Yes," she said`, `**Note:** …`. */
const CLOSERS = /["'”’»)\]}*_~`]{1,8}$/
/** "1." at the start of a line belongs to what it numbers. */
const ENUMERATOR = /^\(?(?:\d{1,3}|[a-z])[.)]$/i

/**
 * Cuts a stream of text into units to synthesise, each as early as it can be known.
 *
 * The text is read character by character and every decision depends on the characters alone, so any split of the
 * same text into deltas gives the same clauses. A mark is a boundary only when whitespace follows it, which is what
 * keeps `3.14`, `1,024`, `10:30`, `v20.20.2`, `10.0.0.2` and `https://a.b/c` whole without knowing what they are.
 * Clauses are trimmed and never empty; together they hold every non-whitespace character of the text, in order.
 */
export class ClauseSplitter {
  #text = ""
  /** Positions in `#text`; 0 is "none". */
  #lastClauseEnd = 0
  #lastSpace = 0
  /** After a word such as "etc.": whether the sentence ended here is known from the next visible character. */
  #undecidedEnd = 0
  #emittedChars = 0
  #markup = new MarkupSpan()

  push(textDelta: string): string[] {
    const clauses: string[] = []
    for (let i = 0; i < textDelta.length; i++) this.#read(textDelta.charAt(i), clauses)
    return clauses
  }

  /** Ends the text: what is left comes out, and the splitter is ready for the next reply. */
  flush(): string[] {
    const clauses: string[] = []
    this.#cut(this.#text.length, clauses)
    this.#emittedChars = 0
    this.#markup = new MarkupSpan()
    return clauses
  }

  #read(char: string, clauses: string[]): void {
    this.#markup.read(char)
    if (this.#undecidedEnd > 0 && !isSpace(char)) this.#decide(char, clauses)
    if (this.#text === "" && isSpace(char)) return
    this.#text += char
    if (this.#markup.open) return
    if (isSpace(char)) this.#endWord(char, clauses)
    else if (char === "—") this.#endClause(this.#text.length, clauses)
    this.#enforceLimits(clauses)
  }

  #decide(next: string, clauses: string[]): void {
    const end = this.#undecidedEnd
    this.#undecidedEnd = 0
    const goesOn = /[\p{Ll}\d,;:)]/u.test(next)
    if (!goesOn) this.#cut(end, clauses)
  }

  #endWord(space: string, clauses: string[]): void {
    const end = this.#text.length - 1
    this.#lastSpace = end
    const word = lastWord(this.#text, end)
    const core = word.replace(CLOSERS, "")
    if (space === "\n") this.#cut(end, clauses)
    else if (CLAUSE_END.test(core)) this.#endClause(end, clauses)
    else if (SENTENCE_END.test(core)) this.#endSentence(word, core, clauses)
  }

  #endSentence(word: string, core: string, clauses: string[]): void {
    const end = this.#text.length - 1
    const isWholeText = end === word.length
    if (isWholeText && ENUMERATOR.test(word)) return
    const stop = core.endsWith(".") ? abbreviationStop(core) : "none"
    if (stop === "none") this.#cut(end, clauses)
    else if (stop === "perhaps-final") this.#undecidedEnd = end
  }

  #endClause(end: number, clauses: string[]): void {
    const isEarly = this.#emittedChars < FIRST_CLAUSE_CHARS
    if (isEarly && end >= FIRST_CLAUSE_CHARS) this.#cut(end, clauses)
    else this.#lastClauseEnd = end
  }

  #enforceLimits(clauses: string[]): void {
    const { length } = this.#text
    if (length > CLAUSE_CHARS && this.#lastClauseEnd > 0) this.#cut(this.#lastClauseEnd, clauses)
    else if (length > HARD_LIMIT_CHARS && this.#lastSpace > 0) this.#cut(this.#lastSpace, clauses)
    else if (length > WORD_LIMIT_CHARS) this.#cut(wholeCharacters(this.#text), clauses)
  }

  #cut(end: number, clauses: string[]): void {
    const clause = this.#text.slice(0, end).trimEnd()
    const rest = this.#text.slice(end).trimStart()
    const removed = this.#text.length - rest.length
    this.#text = rest
    this.#lastClauseEnd = Math.max(0, this.#lastClauseEnd - removed)
    this.#lastSpace = Math.max(0, this.#lastSpace - removed)
    this.#undecidedEnd = 0
    this.#emittedChars += clause.length
    if (clause !== "") clauses.push(clause)
  }
}

function isSpace(char: string): boolean {
  return char.trim() === ""
}

function lastWord(text: string, end: number): string {
  let start = end
  while (start > 0 && !isSpace(text.charAt(start - 1))) start--
  return text.slice(start, end)
}

/** The longest prefix that does not end between the halves of a surrogate pair. */
function wholeCharacters(text: string): number {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length
}
