import { EngineError } from "./engine-error.ts"
import type { PhonemeLanguage } from "./phonemes.ts"
import type { PhonemeIds } from "./piper-ids.ts"

/** What Jett uses of a voice's `.onnx.json`. */
export interface PiperConfig {
  readonly rateHz: number
  readonly language: PhonemeLanguage
  readonly phonemeIds: PhonemeIds
  readonly noiseScale: number
  /** 1 is the voice's own pace, 2 is half as fast. */
  readonly lengthScale: number
  /** Variation of the phonemes' lengths. */
  readonly noiseWidth: number
}

/**
 * Reads a Piper voice's configuration. Written by hand: importing a schema library costs the host's worker 140 ms and
 * 27 MB, more than the voice's warm-up.
 */
export function parsePiperConfig(json: string, file: string): PiperConfig {
  const config = objectAt(parseJson(json, file), file, "")
  const audio = objectAt(config["audio"], file, "audio")
  const inference = objectAt(config["inference"], file, "inference")
  const espeak = objectAt(config["espeak"], file, "espeak")
  if (config["phoneme_type"] !== "espeak" && config["phoneme_type"] !== undefined) {
    throw wrong(file, "phoneme_type", `"espeak"`, config["phoneme_type"])
  }
  if (numberAt(config["num_speakers"] ?? 1, file, "num_speakers") > 1) {
    throw wrong(
      file,
      "num_speakers",
      "1 (voices with several speakers are not supported)",
      config["num_speakers"],
    )
  }
  return {
    rateHz: numberAt(audio["sample_rate"], file, "audio.sample_rate"),
    language: languageAt(espeak["voice"], file),
    phonemeIds: phonemeIdsAt(config["phoneme_id_map"], file),
    noiseScale: numberAt(inference["noise_scale"], file, "inference.noise_scale"),
    lengthScale: numberAt(inference["length_scale"], file, "inference.length_scale"),
    noiseWidth: numberAt(inference["noise_w"], file, "inference.noise_w"),
  }
}

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new EngineError("load-failed", `${file} is not JSON. Pull the model again.`, { cause })
  }
}

function phonemeIdsAt(value: unknown, file: string): PhonemeIds {
  const entries = Object.entries(objectAt(value, file, "phoneme_id_map"))
  const ids = new Map<string, readonly number[]>()
  for (const [symbol, list] of entries) {
    if (!Array.isArray(list)) throw wrong(file, `phoneme_id_map.${symbol}`, "a list of numbers", list)
    ids.set(
      symbol,
      list.map((id) => numberAt(id, file, `phoneme_id_map.${symbol}`)),
    )
  }
  for (const symbol of ["_", "^", "$", " "]) {
    if (!ids.has(symbol)) throw wrong(file, `phoneme_id_map."${symbol}"`, "a list of numbers", undefined)
  }
  return ids
}

function languageAt(value: unknown, file: string): PhonemeLanguage {
  if (value === "en-us") return "en-us"
  if (value === "en" || value === "en-gb" || value === "en-gb-x-rp") return "en"
  throw wrong(file, "espeak.voice", "an English voice (Jett speaks English only)", value)
}

function objectAt(value: unknown, file: string, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw wrong(file, path || "the file", "an object", value)
  return Object.fromEntries(Object.entries(value))
}

function numberAt(value: unknown, file: string, path: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value
  throw wrong(file, path, "a number", value)
}

function wrong(file: string, path: string, expected: string, found: unknown): EngineError {
  return new EngineError(
    "load-failed",
    `${file}: ${path} must be ${expected}, found ${JSON.stringify(found)}`,
  )
}
