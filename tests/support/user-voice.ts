import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { record } from "../../benchmarks/corpus/record.ts"
import { Speakers } from "../../benchmarks/corpus/speakers.ts"
import { modelsFolder } from "../../src/config/paths.ts"
import { joined, spoken } from "./speech-samples.ts"
import { testConfig } from "./voice-rig.ts"

const HEADER_BYTES = 44
/** "Hey Jarvis," and the pause after it. */
const WAKE_SAMPLES = 16_000

/** The same sound each time: without the noise that makes it livelier. */
const PIPER = "piper/0/1"
/** A whole tone above Jett's own voice, and as much faster. */
const PITCH = 1.12

/** What was recorded of a Kokoro voice (`af_heart`, a pause of 300 ms after the wake word), wake word and all. */
const RECORDINGS: Readonly<Record<string, string>> = {
  "Restart the n eight n container.": "restart-n8n.wav",
  "Restart postgres.": "restart-postgres.wav",
}

/** Somebody who talks to Jett: recordings, and a Piper voice of another pitch for what nobody can know beforehand. */
export class UserVoice {
  readonly #speakers = new Speakers(modelsFolder(testConfig(), process.env))
  readonly #said = new Map<string, Int16Array>()

  /** Int16Array, mono, 16 kHz, without silence around it. */
  async words(text: string): Promise<Int16Array> {
    const known = this.#said.get(text)
    if (known !== undefined) return known
    const { samples } = await record({ id: "user", voice: PIPER, pieces: [text] }, async (piece, voice) => {
      const pcm = await this.#speakers.speak(piece, voice)
      return { samples: pcm.samples, rateHz: Math.round(pcm.rateHz * PITCH) }
    })
    this.#said.set(text, samples)
    return samples
  }

  /** The same after the wake word. */
  async command(text: string): Promise<Int16Array> {
    const recording = RECORDINGS[text]
    if (recording === undefined)
      return joined(spoken("question").subarray(0, WAKE_SAMPLES), await this.words(text))
    const bytes = readFileSync(fileURLToPath(new URL(`../vectors/${recording}`, import.meta.url)))
    const count = Math.floor((bytes.length - HEADER_BYTES) / 2)
    return Int16Array.from({ length: count }, (_, i) => bytes.readInt16LE(HEADER_BYTES + 2 * i))
  }

  close(): Promise<void> {
    return this.#speakers.close()
  }
}
