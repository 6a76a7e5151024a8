export interface PlayedClause {
  readonly text: string
  readonly durationMs: number
  readonly playedMs: number
}

/** Sums of durations are not exact: less than this short of its end, a clause was heard whole. */
const ROUNDING_MS = 0.5

/**
 * What of the clauses was heard, joined by a space: whole clauses, and of one that was cut the words that fit into the
 * time that it had, at an even pace. Of each clause a prefix that never shrinks as its `playedMs` grows.
 */
export function heardText(clauses: readonly PlayedClause[]): string {
  return clauses
    .filter(({ playedMs }) => playedMs > 0)
    .map(({ text, durationMs, playedMs }) =>
      playedMs < durationMs - ROUNDING_MS ? wholeWords(text, playedMs / durationMs) : text,
    )
    .filter((heard) => heard !== "")
    .join(" ")
}

/** The words of `text` that end within its first `share` (0..1) of characters. */
function wholeWords(text: string, share: number): string {
  const end = Math.floor(text.length * Math.max(0, share))
  const upTo = text.slice(0, end)
  const cutsWord = /\S$/.test(upTo) && /^\S/.test(text.slice(end))
  return (cutsWord ? upTo.replace(/\S+$/, "") : upTo).trimEnd()
}
