import { msToSamples } from "../audio/format.ts"

/** Joins pieces of speech with `gapMs` of silence between them. */
export function joinSpeech(pieces: readonly Int16Array[], rateHz: number, gapMs: number): Int16Array {
  const audible = pieces.filter((piece) => piece.length > 0)
  const gap = msToSamples(gapMs, rateHz)
  const total = audible.reduce((sum, piece) => sum + piece.length, 0) + gap * Math.max(0, audible.length - 1)
  const out = new Int16Array(total)
  let offset = 0
  for (const piece of audible) {
    out.set(piece, offset)
    offset += piece.length + gap
  }
  return out
}
