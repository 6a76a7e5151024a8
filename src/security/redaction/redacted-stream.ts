import * as Effect from "effect/Effect"
import type { SecretFinder } from "./secret-finder.ts"
import { mark, replaceSpans, type Span } from "./span.ts"

/** Of a line that does not end, and of a secret that does not: more is not held back. In UTF-16 units. */
const MAX_HELD_CHARS = 262_144
/** White space may be put into a value that is held back for. */
const WRAPPING = 2
/** What a secret of another layer may need behind it to be recognised. */
const LOOK_AHEAD_CHARS = 1_024

/**
 * Takes secrets out of text that comes in pieces. Only whole lines are given out, and only when so much of what follows
 * is known that no secret over the cut can be missed. Never fails: what cannot be judged becomes a mark.
 */
export class RedactedStream {
  readonly #finder: SecretFinder
  #held = ""
  /** Inside a line, or a secret, that grew too long: nothing is given out until a line ends. */
  #dropping = false

  constructor(finder: SecretFinder) {
    this.#finder = finder
  }

  /** What can be given out now. One call at a time. */
  push(piece: string): Effect.Effect<string> {
    return Effect.promise(async () => {
      this.#held += this.#afterDropped(piece)
      const reach = WRAPPING * this.#finder.longestKnown + LOOK_AHEAD_CHARS
      if (lastLine(this.#held, this.#held.length - reach) === 0 && this.#held.length <= MAX_HELD_CHARS)
        return ""
      try {
        const spans = await this.#finder.find(this.#held)
        return this.#give(spans, safeCut(this.#held, spans, this.#held.length - reach))
      } catch {
        return this.#drop()
      }
    })
  }

  /** The rest. */
  readonly end: Effect.Effect<string> = Effect.promise(async () => {
    try {
      const spans = await this.#finder.find(this.#held)
      return this.#give(spans, this.#held.length)
    } catch {
      return this.#drop()
    }
  })

  #give(spans: readonly Span[], cut: number): string {
    if (cut === 0 && this.#held.length > MAX_HELD_CHARS) return this.#drop()
    const given = replaceSpans(
      this.#held.slice(0, cut),
      spans.filter(({ end }) => end <= cut),
    )
    this.#held = this.#held.slice(cut)
    return given
  }

  #drop(): string {
    this.#held = ""
    this.#dropping = true
    return mark("all")
  }

  #afterDropped(piece: string): string {
    if (!this.#dropping) return piece
    const line = piece.indexOf("\n")
    this.#dropping = line < 0
    return line < 0 ? "" : piece.slice(line)
  }
}

/** After the last line end before `until` that is in no secret and follows none: the next line may belong to it. */
const safeCut = (text: string, spans: readonly Span[], until: number): number => {
  for (let cut = lastLine(text, until); cut > 0; ) {
    const at = cut
    const over = spans.find(({ start, end }) => start < at && end >= at)
    if (over === undefined) return cut
    cut = lastLine(text, over.start)
  }
  return 0
}

/** Where the last line before `until` begins; 0 where there is none. */
const lastLine = (text: string, until: number): number =>
  until <= 0 ? 0 : text.lastIndexOf("\n", until - 1) + 1
