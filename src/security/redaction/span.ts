/** What a mark calls the secret that it stands for. None of these words is the name of a setting. */
export type SecretKind =
  /** A value that was learned. */
  | "known"
  /** The value of a setting whose name says that it is secret. */
  | "named"
  /** By its shape: a JWT, a bearer token, the key of a known service. */
  | "token"
  | "private-key"
  /** User name and password in a URL. */
  | "url"
  /** Long, and as random as a key. */
  | "random"
  /** Nothing could be told apart, so nothing is shown. */
  | "all"

/** Part of a text, in UTF-16 units; `end` is the first unit after it. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly kind: SecretKind
}

export const mark = (kind: SecretKind): string => `[redacted:${kind}]`

/** A mark of ours that is already in the text. */
const MARK = /\[redacted:[a-z-]{1,20}\]/g

export type Extent = Pick<Span, "start" | "end">

/** In order. */
const marksIn = (text: string): readonly Extent[] =>
  Array.from(text.matchAll(MARK), (found) => ({ start: found.index, end: found.index + found[0].length }))

/** The last of some extents, which are in order and apart, that begins before `position`. */
export const lastBefore = <E extends Extent>(extents: readonly E[], position: number): E | undefined => {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((extents[middle]?.start ?? position) < position) low = middle + 1
    else high = middle
  }
  return extents[low - 1]
}

/**
 * Spans in order and apart from each other. Those that overlap or touch become one, which takes the kind that `spans`
 * named first. A mark is never cut in two, and what is nothing but a mark stays as it is.
 */
export const joinSpans = (text: string, spans: readonly Span[]): readonly Span[] => {
  const marks = marksIn(text)
  const inMark = (span: Span): boolean => span.end <= (lastBefore(marks, span.start + 1)?.end ?? 0)
  const ranked = spans
    .map((span, rank) => ({ ...span, rank }))
    .filter((span) => span.end > span.start && !inMark(span))
  const fixed = marks.map((found) => ({ ...found, kind: undefined, rank: Number.POSITIVE_INFINITY }))
  const joined: Piece[] = []
  for (const piece of [...ranked, ...fixed].sort((a, b) => a.start - b.start || a.rank - b.rank)) {
    const last = joined.at(-1)
    // Two marks side by side stay two.
    const apart = last?.kind === undefined && piece.kind === undefined
    if (last === undefined || piece.start > last.end || (apart && piece.start === last.end)) {
      joined.push({ ...piece })
      continue
    }
    last.end = Math.max(last.end, piece.end)
    if (piece.rank < last.rank) {
      last.rank = piece.rank
      last.kind = piece.kind
    }
  }
  return joined.flatMap(({ start, end, kind }) => (kind === undefined ? [] : [{ start, end, kind }]))
}

/** The text with a mark in the place of each span; the spans are those of `joinSpans`. */
export const replaceSpans = (text: string, spans: readonly Span[]): string => {
  let out = ""
  let at = 0
  for (const { start, end, kind } of spans) {
    out += text.slice(at, start) + mark(kind)
    at = end
  }
  return out + text.slice(at)
}

interface Piece {
  readonly start: number
  end: number
  kind: SecretKind | undefined
  rank: number
}
