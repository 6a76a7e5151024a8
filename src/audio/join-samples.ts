/** Pieces of one sound, in order, as one. Int16Array, mono, all at one rate. */
export const joinSamples = (pieces: readonly Int16Array[]): Int16Array => {
  const all = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
