const OPEN = "<think>"
const CLOSE = "</think>"
type TagText = typeof OPEN | typeof CLOSE

/**
 * Takes a model's private reasoning (`<think>…</think>`) out of its streamed text. Tags may be split over any pieces;
 * what could still become a tag is held back until it is decided. A block that is never closed is dropped whole, a
 * closing tag without an opening one is dropped by itself, and the reply never begins with white space.
 */
export class ThinkFilter {
  #held = ""
  #thinking = false
  #begun = false

  /** The part of the text so far that may be spoken and was not returned before. */
  push(piece: string): string {
    let rest = this.#held + piece
    let spoken = ""
    for (;;) {
      const tag = firstTag(rest, this.#tags())
      if (tag === undefined) break
      if (!this.#thinking) spoken += rest.slice(0, tag.at)
      this.#thinking = tag.text === OPEN
      rest = rest.slice(tag.at + tag.text.length)
    }
    const heldFrom = rest.length - lengthOfPossibleTag(rest, this.#tags())
    if (!this.#thinking) spoken += rest.slice(0, heldFrom)
    this.#held = rest.slice(heldFrom)
    return this.#trimmed(spoken)
  }

  /** What was held back and did not become a tag. */
  flush(): string {
    const held = this.#thinking ? "" : this.#held
    this.#held = ""
    return this.#trimmed(held)
  }

  #tags(): readonly TagText[] {
    return this.#thinking ? [CLOSE] : [OPEN, CLOSE]
  }

  #trimmed(text: string): string {
    const spoken = this.#begun ? text : text.trimStart()
    this.#begun ||= spoken !== ""
    return spoken
  }
}

interface Tag {
  readonly at: number
  readonly text: string
}

const PATTERNS = { [OPEN]: /<think>/i, [CLOSE]: /<\/think>/i } as const

const firstTag = (text: string, tags: readonly TagText[]): Tag | undefined => {
  let first: Tag | undefined
  for (const tag of tags) {
    const at = text.search(PATTERNS[tag])
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, text: tag }
  }
  return first
}

/** How much of the end of the text is the beginning of a tag. */
const lengthOfPossibleTag = (text: string, tags: readonly TagText[]): number => {
  for (let length = Math.min(text.length, CLOSE.length - 1); length > 0; length -= 1) {
    const end = text.slice(text.length - length).toLowerCase()
    if (tags.some((tag) => tag.startsWith(end))) return length
  }
  return 0
}
