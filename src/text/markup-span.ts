/** An inline code span or a link that is not closed after this many characters was none. */
const INLINE_LIMIT_CHARS = 180
const FENCE = /^ {0,3}(`{3,}|~{3,})/
/** No fence line is longer; what comes after cannot matter. */
const LINE_PREFIX_CHARS = 200

/**
 * Follows Markdown character by character and knows whether the text so far ends inside a span that must stay in one
 * piece: a fenced code block, an inline code span, a link. Only a fence may cross a line end.
 */
export class MarkupSpan {
  #line = ""
  #fence = ""
  /** Backticks at the very end of the text; how many opened the code span that we are in (0: none). */
  #ticks = 0
  #codeTicks = 0
  #link: "none" | "text" | "after-text" | "target" = "none"
  #spanChars = 0

  get open(): boolean {
    return this.#fence !== "" || this.#codeTicks > 0 || this.#link !== "none"
  }

  read(char: string): void {
    if (char === "\n") {
      this.#endLine()
      return
    }
    if (this.#line.length < LINE_PREFIX_CHARS) this.#line += char
    if (this.#fence !== "") return
    if (this.open && ++this.#spanChars > INLINE_LIMIT_CHARS) this.#closeInline()
    if (char === "`") {
      this.#ticks++
      return
    }
    this.#endTicks()
    if (this.#codeTicks === 0) this.#readLink(char)
  }

  #endTicks(): void {
    if (this.#ticks === 0) return
    if (this.#codeTicks === 0) {
      this.#codeTicks = this.#ticks
      this.#spanChars = 0
    } else if (this.#codeTicks === this.#ticks) this.#codeTicks = 0
    this.#ticks = 0
  }

  #readLink(char: string): void {
    if (char === "[") {
      this.#link = "text"
      this.#spanChars = 0
    } else if (this.#link === "text" && char === "]") this.#link = "after-text"
    else if (this.#link === "after-text") this.#link = char === "(" ? "target" : "none"
    else if (this.#link === "target" && char === ")") this.#link = "none"
  }

  #endLine(): void {
    const marker = FENCE.exec(this.#line)?.[1] ?? ""
    const rest = this.#line.trim().slice(marker.length)
    if (this.#fence === "") {
      const closedOnItsLine = rest.includes(marker)
      if (marker !== "" && !closedOnItsLine) this.#fence = marker
    } else if (marker.startsWith(this.#fence) && rest === "") this.#fence = ""
    this.#line = ""
    this.#closeInline()
  }

  #closeInline(): void {
    this.#ticks = 0
    this.#codeTicks = 0
    this.#link = "none"
  }
}
