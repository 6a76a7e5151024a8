/** Samples in [-1, 1] as int16; what is louder is clipped. */
export function toInt16(samples: Float32Array): Int16Array {
  const out = new Int16Array(samples.length)
  for (let index = 0; index < samples.length; index += 1) {
    const scaled = Math.round((samples[index] ?? 0) * 32_767)
    out[index] = Math.max(-32_768, Math.min(32_767, scaled))
  }
  return out
}

/** Joins pieces of speech with `gapMs` of silence between them. */
export function joinSpeech(pieces: readonly Int16Array[], rateHz: number, gapMs: number): Int16Array {
  const audible = pieces.filter((piece) => piece.length > 0)
  const gap = Math.round((gapMs * rateHz) / 1000)
  const total = audible.reduce((sum, piece) => sum + piece.length, 0) + gap * Math.max(0, audible.length - 1)
  const out = new Int16Array(total)
  let offset = 0
  for (const piece of audible) {
    out.set(piece, offset)
    offset += piece.length + gap
  }
  return out
}
