export interface PlayedClause {
  readonly text: string
  readonly durationMs: number
}

/** Sums of durations are not exact: less than this short of its end, a clause was heard whole. */
const ROUNDING_MS = 0.5

/**
 * What of the clauses was heard when playback ended after `playedMs`, clauses joined by a space: whole clauses, and
 * of the one that was cut the words that fit into its time at an even pace. A prefix of the joined text that never
 * shrinks as `playedMs` grows.
 */
export function heardText(clauses: readonly PlayedClause[], playedMs: number): string {
  const heard: string[] = []
  let leftMs = playedMs
  for (const { text, durationMs } of clauses) {
    if (leftMs < durationMs - ROUNDING_MS) {
      heard.push(wholeWords(text, leftMs / durationMs))
      break
    }
    heard.push(text)
    leftMs -= durationMs
  }
  return heard.join(" ").trimEnd()
}

/** The words of `text` that end within its first `share` (0..1) of characters. */
function wholeWords(text: string, share: number): string {
  const end = Math.floor(text.length * Math.max(0, share))
  const upTo = text.slice(0, end)
  const cutsWord = /\S$/.test(upTo) && /^\S/.test(text.slice(end))
  return (cutsWord ? upTo.replace(/\S+$/, "") : upTo).trimEnd()
}
