/** The rate of everything that listens: wake word, voice activity and speech to text all take 16 kHz. */
export const SAMPLE_RATE_HZ = 16_000

/** One hearing frame: the window of Silero VAD at 16 kHz. */
export const FRAME_SAMPLES = 512

export const FRAME_MS = (FRAME_SAMPLES * 1000) / SAMPLE_RATE_HZ

/** How far the player may run ahead of the device: what is handed over cannot be taken back for free. */
export const MAX_AHEAD_MS = 100

/** Below this level nobody hears anything: the threshold of "first audible sample" (−50 dBFS). */
export const AUDIBLE_DBFS = -50

export const samplesToMs = (samples: number, rateHz: number = SAMPLE_RATE_HZ): number =>
  (samples * 1000) / rateHz

/** Rounded to the nearest whole sample. */
export const msToSamples = (ms: number, rateHz: number = SAMPLE_RATE_HZ): number =>
  Math.round((ms * rateHz) / 1000)

/** [-1, 1] to Int16; out of range is clipped, NaN is silence. */
export const toInt16 = (samples: Float32Array): Int16Array => {
  const out = new Int16Array(samples.length)
  for (let i = 0; i < samples.length; i++) {
    out[i] = Math.max(-32768, Math.min(32767, Math.round((samples[i] ?? 0) * 32768)))
  }
  return out
}

/** Int16 to [-1, 1); `toInt16` gives the same values back. */
export const toFloat32 = (samples: Int16Array): Float32Array => {
  const out = new Float32Array(samples.length)
  for (let i = 0; i < samples.length; i++) out[i] = (samples[i] ?? 0) / 32768
  return out
}

/** The bytes of little-endian PCM, without a copy on the little-endian machines that Node supports. */
export const toBytes = (samples: Int16Array): Buffer =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
