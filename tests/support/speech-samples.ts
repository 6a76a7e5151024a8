import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { joinSamples } from "../../src/audio/join-samples.ts"
import { type DemoLine, demoLines } from "../../src/cli/demo/scenes.ts"

const RATE_HZ = 16_000
const HEADER_BYTES = 44

/** The path of a recording of the demonstration. */
export const recordingOf = (line: DemoLine): string =>
  fileURLToPath(new URL(`../../demo/${line.file}`, import.meta.url))

/** A line of the demonstration as it was recorded: Int16Array, mono, 16 kHz. */
export const spoken = (name: keyof typeof demoLines): Int16Array => {
  const bytes = readFileSync(recordingOf(demoLines[name]))
  const count = Math.floor((bytes.length - HEADER_BYTES) / 2)
  return Int16Array.from({ length: count }, (_, i) => bytes.readInt16LE(HEADER_BYTES + 2 * i))
}

export const silence = (seconds: number): Int16Array => new Int16Array(Math.round(seconds * RATE_HZ))

export const joined = (...parts: readonly Int16Array[]): Int16Array => joinSamples(parts)

/** Numbers in [-1, 1) from a fixed seed, so that a failure can be repeated. */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

export const whiteNoise = (seconds: number, amplitude: number, seed = 7): Int16Array => {
  const next = random(seed)
  return silence(seconds).map(() => next() * amplitude)
}

/** Noise whose power falls with frequency (Paul Kellet's filter, the economy version). */
export const pinkNoise = (seconds: number, amplitude: number, seed = 11): Int16Array => {
  const next = random(seed)
  let [a, b, c] = [0, 0, 0]
  return silence(seconds).map(() => {
    const white = next()
    a = 0.99765 * a + white * 0.099046
    b = 0.963 * b + white * 0.2965164
    c = 0.57 * c + white * 1.0526913
    return ((a + b + c + white * 0.1848) / 3) * amplitude
  })
}

/** A cough: two bursts of noise, hard at their start and gone in a fifth of a second. */
export const cough = (amplitude = 12_000, seed = 3): Int16Array => {
  const burst = (seconds: number, decayMs: number) =>
    whiteNoise(seconds, amplitude, seed).map(
      (sample, i) => sample * Math.exp(-i / ((decayMs * RATE_HZ) / 1000)),
    )
  return joined(burst(0.18, 40), silence(0.12), burst(0.14, 30))
}

/** A cough with the voice in it: what voice activity takes for speech. A buzz through two formants, and breath. */
export const voicedCough = (ms: number, amplitude = 9000, seed = 5): Int16Array => {
  const next = random(seed)
  return silence(ms / 1000).map((_, i) => {
    const buzz = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].reduce((sum, n) => {
      const hz = 110 * n
      const formants = Math.exp(-(((hz - 700) / 300) ** 2)) + 0.7 * Math.exp(-(((hz - 1200) / 300) ** 2))
      return sum + (formants + 0.2) * Math.sin((2 * Math.PI * hz * i) / RATE_HZ)
    }, 0)
    const envelope = Math.sin((Math.PI * i * 1000) / (ms * RATE_HZ))
    return envelope * amplitude * (0.3 * buzz + 0.15 * next())
  })
}

/** A slow arpeggio of three harmonics a note: music to a machine. */
export const music = (seconds: number, amplitude = 6000): Int16Array => {
  const notes = [220, 277.2, 329.6, 440, 329.6, 277.2]
  return silence(seconds).map((_, i) => {
    const note = notes[Math.floor(i / (RATE_HZ * 0.4)) % notes.length] ?? 220
    const decay = Math.exp(-(i % (RATE_HZ * 0.4)) / (RATE_HZ * 0.3))
    const wave = [1, 2, 3].reduce((sum, n) => sum + Math.sin((2 * Math.PI * note * n * i) / RATE_HZ) / n, 0)
    return (wave / 2) * decay * amplitude
  })
}
