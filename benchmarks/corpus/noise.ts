import { msToSamples, SAMPLE_RATE_HZ } from "../../src/audio/format.ts"
import { seededRandom } from "./random.ts"

/** Pink noise (Voss–McCartney) of about unit loudness, as rooms have it. Float32Array, mono, 16 kHz. */
export const pinkNoise = (samples: number, seed: number): Float32Array => {
  const random = seededRandom(seed)
  const white = () => random() * 2 - 1
  const rows = Array.from({ length: 12 }, white)
  const out = new Float32Array(samples)
  for (let i = 0; i < samples; i++) {
    // Row k changes every 2^k samples.
    const row = Math.min(rows.length - 1, 31 - Math.clz32((i + 1) & -(i + 1)))
    rows[row] = white()
    out[i] = rows.reduce((sum, value) => sum + value, 0) + white()
  }
  const level = rms(out, 0, out.length)
  return out.map((value) => value / level)
}

/** Root mean square of part of a sound. */
export const rms = (samples: Int16Array | Float32Array, from: number, to: number): number => {
  let sum = 0
  for (let i = from; i < to; i++) sum += (samples[i] ?? 0) ** 2
  return Math.sqrt(sum / Math.max(1, to - from))
}

/** `speech` with noise over all of it, `snrDb` below the loudness of the speech between `from` and `to`. */
export const withNoise = (
  speech: Int16Array,
  { from, to, snrDb, seed }: { from: number; to: number; snrDb: number; seed: number },
): Int16Array => {
  const gain = rms(speech, from, to) / 10 ** (snrDb / 20)
  const noise = pinkNoise(speech.length, seed)
  return speech.map((sample, i) => clip(sample + gain * (noise[i] ?? 0)))
}

/** Sounds that are no speech, each some seconds long; Int16Array, mono, 16 kHz. */
export const noises = (seconds: number, seed: number): ReadonlyMap<string, Int16Array> => {
  const length = Math.round(seconds * SAMPLE_RATE_HZ)
  const random = seededRandom(seed)
  const white = () => random() * 2 - 1
  const pink = pinkNoise(length, seed + 1)
  const make = (value: (i: number) => number) => Int16Array.from({ length }, (_, i) => clip(value(i)))
  return new Map([
    ["white noise", make(() => 2000 * white())],
    ["pink noise", make((i) => 3000 * (pink[i] ?? 0))],
    ["a hum", make((i) => 4000 * sine(50, i) + 1500 * sine(150, i))],
    ["tones", make((i) => 5000 * sine(NOTES[Math.floor(i / 6400) % NOTES.length] ?? 440, i))],
    ["coughs", bursts(length, random, { everyMs: 1400, decayMs: 90, gain: 14_000 })],
    ["taps", bursts(length, random, { everyMs: 500, decayMs: 8, gain: 20_000 })],
  ])
}

const NOTES = [262, 330, 392, 523, 440, 349, 294, 494] as const

const sine = (frequencyHz: number, i: number): number =>
  Math.sin((2 * Math.PI * frequencyHz * i) / SAMPLE_RATE_HZ)

/** Noise that starts at once and dies away, twice in a row: what a cough is to a detector of voices. */
const bursts = (
  length: number,
  random: () => number,
  { everyMs, decayMs, gain }: { everyMs: number; decayMs: number; gain: number },
): Int16Array => {
  const every = msToSamples(everyMs)
  const decay = msToSamples(decayMs)
  let low = 0
  return Int16Array.from({ length }, (_, i) => {
    const since = i % every
    const second = since - decay * 3
    const envelope = Math.exp(-since / decay) + (second > 0 ? 0.6 * Math.exp(-second / decay) : 0)
    // A one-pole low pass: the throat is no hiss.
    low += 0.35 * (random() * 2 - 1 - low)
    return clip(gain * envelope * low)
  })
}

const clip = (value: number): number => Math.max(-32768, Math.min(32767, Math.round(value)))
