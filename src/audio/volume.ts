/** The loudest setting: half as much again as the voice's own level. */
export const MAX_VOLUME = 1.5

/** Where the soft clip begins to bend, as a share of full scale. */
const KNEE = 0.8

/**
 * Scales Int16 samples by `volume` (0..1.5, clamped). Above 1 the peaks are bent with tanh over the last fifth of the
 * range: hard clipping of a vowel is heard as a crackle. At 1 and below, samples are only scaled.
 */
export const applyVolume = (samples: Int16Array, volume: number): Int16Array => {
  const gain = Math.min(MAX_VOLUME, Math.max(0, volume))
  if (gain === 1) return samples
  const out = new Int16Array(samples.length)
  for (let i = 0; i < samples.length; i++) {
    const scaled = (samples[i] ?? 0) * gain
    out[i] = Math.round(gain > 1 ? softClip(scaled / 32768) * 32767 : scaled)
  }
  return out
}

const softClip = (value: number): number => {
  const magnitude = Math.abs(value)
  if (magnitude <= KNEE) return value
  return Math.sign(value) * (KNEE + (1 - KNEE) * Math.tanh((magnitude - KNEE) / (1 - KNEE)))
}
