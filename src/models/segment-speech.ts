const SAMPLE_RATE_HZ = 16_000
/** Up to this length a segment is left whole. */
const LONGEST_SAMPLES = 12 * SAMPLE_RATE_HZ
/** No segment is cut shorter than this, so that every one has context. */
const SHORTEST_SAMPLES = 3 * SAMPLE_RATE_HZ
/** The window over which loudness is measured: long enough for a pause between words. */
const WINDOW_SAMPLES = 0.2 * SAMPLE_RATE_HZ
const HOP_SAMPLES = 0.05 * SAMPLE_RATE_HZ

/**
 * Cuts long speech (Int16Array, mono, 16 kHz) into segments of at most 12 s, each cut at the quietest 200 ms that
 * leaves at least 3 s on both sides. Returns views that together are the whole input.
 */
export function segmentSpeech(samples: Int16Array): readonly Int16Array[] {
  const segments: Int16Array[] = []
  let rest = samples
  while (rest.length > LONGEST_SAMPLES) {
    const latest = Math.min(LONGEST_SAMPLES, rest.length - SHORTEST_SAMPLES)
    const cut = quietestPoint(rest, SHORTEST_SAMPLES, latest)
    segments.push(rest.subarray(0, cut))
    rest = rest.subarray(cut)
  }
  segments.push(rest)
  return segments
}

/** The middle of the window with the least energy between `from` and `to`; the latest one where several are equal. */
function quietestPoint(samples: Int16Array, from: number, to: number): number {
  let quietest = to
  let least = Number.POSITIVE_INFINITY
  for (let start = from; start + WINDOW_SAMPLES <= to; start += HOP_SAMPLES) {
    let energy = 0
    for (const sample of samples.subarray(start, start + WINDOW_SAMPLES)) energy += sample * sample
    if (energy <= least) {
      least = energy
      quietest = start + WINDOW_SAMPLES / 2
    }
  }
  return quietest
}
