import { readFile } from "node:fs/promises"
import { EngineError } from "./engine-error.ts"
import type { PhonemeLanguage } from "./phonemes.ts"

const STYLE_SIZE = 256
const STYLES = 510

/** A voice file: 510 styles of 256 float32, one for each length of the input. */
interface KokoroVoice {
  readonly language: PhonemeLanguage
  /** The style for a run of `ids` ids (padding not counted), [256]. */
  style(ids: number): Float32Array
}

export interface KokoroVoices {
  readonly names: readonly string[]
  /** Read on first use and kept. */
  voice(name: string): Promise<KokoroVoice>
}

/** The voices among a model's files: every `<name>.bin`. */
export function kokoroVoices(files: Readonly<Record<string, string>>): KokoroVoices {
  const paths = new Map(
    Object.entries(files)
      .filter(([name]) => name.endsWith(".bin"))
      .map(([name, path]) => [name.slice(0, -".bin".length), path]),
  )
  const names = [...paths.keys()].sort()
  const loaded = new Map<string, KokoroVoice>()

  return {
    names,
    async voice(name) {
      const known = loaded.get(name)
      if (known !== undefined) return known
      const path = paths.get(name)
      if (path === undefined) {
        throw new EngineError(
          "bad-input",
          `There is no Kokoro voice "${name}". Installed voices: ${names.join(", ") || "none"}`,
        )
      }
      const voice = parseVoice(await readFile(path), path, name)
      loaded.set(name, voice)
      return voice
    },
  }
}

function parseVoice(bytes: Uint8Array, path: string, name: string): KokoroVoice {
  const expected = STYLES * STYLE_SIZE * Float32Array.BYTES_PER_ELEMENT
  if (bytes.length !== expected) {
    throw new EngineError(
      "load-failed",
      `${path} has ${bytes.length} bytes, expected ${expected}. Pull it again.`,
    )
  }
  // Copied: a Buffer may begin at an address that is not a multiple of four.
  const styles = new Float32Array(Uint8Array.from(bytes).buffer)
  return {
    // The first letter is the accent: a is American, b is British.
    language: name.startsWith("b") ? "en" : "en-us",
    style(ids) {
      const row = Math.min(Math.max(ids, 0), STYLES - 1)
      return styles.subarray(row * STYLE_SIZE, (row + 1) * STYLE_SIZE)
    },
  }
}
