import * as Effect from "effect/Effect"
import type { SecretFinder } from "./secret-finder.ts"
import { lastBefore, mark, replaceSpans, type Span } from "./span.ts"

/** Of a line that does not end, and of a secret that does not: more is not held back. In UTF-16 units. */
const MAX_HELD_CHARS = 262_144
/** White space may be put into a value that is held back for. */
const WRAPPING = 2
/** What a secret of another layer may need behind it to be recognised. */
const LOOK_AHEAD_CHARS = 1_024
/** Of what was given out, to be seen beside what follows: a name may stand on the line before its value. */
const CONTEXT_CHARS = 512
/** So much has to be new before what is held is looked at again: many small pieces are not each worth it. */
const STEP_CHARS = 1_024

/**
 * Takes secrets out of text that comes in pieces. Only whole lines are given out, and only when so much of what follows
 * is known that no secret over the cut can be missed. Never fails: what cannot be judged becomes a mark.
 */
export class RedactedStream {
  readonly #finder: SecretFinder
  /** As it came. */
  #context = ""
  #held = ""
  #lookedAtChars = 0
  /** Nothing is given out: until the line ends that grew too long, or any more. */
  #dropping: "nothing" | "line" | "rest" = "nothing"

  constructor(finder: SecretFinder) {
    this.#finder = finder
  }

  /** What can be given out now. One call at a time. */
  push(piece: string): Effect.Effect<string> {
    return Effect.promise(async () => {
      this.#held += this.#afterDropped(piece)
      if (this.#held.length < this.#lookedAtChars + STEP_CHARS) return ""
      return this.#give((spans, reach) => safeCut(this.#held, spans, this.#held.length - reach))
    })
  }

  /** The rest. */
  readonly end: Effect.Effect<string> = Effect.promise(() => this.#give(() => this.#held.length))

  async #give(cutOf: (spans: readonly Span[], reach: number) => number): Promise<string> {
    try {
      const spans = await this.#find()
      const cut = cutOf(spans, WRAPPING * this.#finder.longestKnown + LOOK_AHEAD_CHARS)
      if (cut === 0 && this.#held.length > MAX_HELD_CHARS) return this.#drop(endsOpen(this.#held, spans))
      const given = replaceSpans(
        this.#held.slice(0, cut),
        spans.filter(({ end }) => end <= cut),
      )
      this.#context = (this.#context + this.#held.slice(0, cut)).slice(-CONTEXT_CHARS)
      this.#held = this.#held.slice(cut)
      this.#lookedAtChars = this.#held.length
      return await this.#finder.redact(given)
    } catch {
      return this.#drop("rest")
    }
  }

  /** In what is held. */
  async #find(): Promise<readonly Span[]> {
    const before = this.#context.length
    const spans = await this.#finder.find(this.#context + this.#held)
    return spans
      .filter(({ end }) => end > before)
      .map((span) => ({ ...span, start: Math.max(0, span.start - before), end: span.end - before }))
  }

  #drop(what: "line" | "rest"): string {
    this.#context = ""
    this.#held = ""
    this.#lookedAtChars = 0
    this.#dropping = what
    return mark("all")
  }

  #afterDropped(piece: string): string {
    if (this.#dropping === "nothing") return piece
    const line = piece.indexOf("\n")
    if (this.#dropping === "rest" || line < 0) return ""
    this.#dropping = "nothing"
    return piece.slice(line)
  }
}

/** A secret of several lines goes on where the text ends: nobody will see where it does. */
const endsOpen = (text: string, spans: readonly Span[]): "line" | "rest" => {
  const last = spans.at(-1)
  return last?.end === text.length && text.slice(last.start).includes("\n") ? "rest" : "line"
}

/** After the last line end before `until` that is in no secret. */
const safeCut = (text: string, spans: readonly Span[], until: number): number => {
  let cut = lastLine(text, until)
  for (;;) {
    const last = lastBefore(spans, cut)
    if (last === undefined || last.end <= cut) return cut
    cut = lastLine(text, last.start)
  }
}

/** Where the last line before `until` begins; 0 where there is none. */
const lastLine = (text: string, until: number): number =>
  until <= 0 ? 0 : text.lastIndexOf("\n", until - 1) + 1
