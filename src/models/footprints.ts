import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { replaceFile } from "../platform/replace-file.ts"

/** What models were measured to take, kept across runs. MiB, latest last, by `footprintKey`. */
export interface Footprints {
  readonly samplesMib: Readonly<Record<string, readonly number[]>>
  /** Written soon, one after the other; what cannot be written is reported. */
  keep(key: string, samplesMib: readonly number[]): void
  /** Ends when what was kept so far is on disk. */
  readonly flushed: Effect.Effect<void>
}

const VERSION = 1
const MOST_SAMPLES = 16

/**
 * The measured footprints in the JSON file at `path`. A file that is missing is an empty one; one that cannot be read or
 * makes no sense is reported and ignored, since it can be measured again. Never fails.
 */
export const openFootprints = (
  path: string,
  onTrouble: (message: string) => void,
): Effect.Effect<Footprints> =>
  Effect.gen(function* () {
    const samplesMib = yield* Effect.promise(() => readSamples(path, onTrouble))
    let latest = samplesMib
    let writing: Promise<void> = Promise.resolve()
    return {
      samplesMib,
      keep: (key, samples) => {
        latest = { ...latest, [key]: samples }
        writing = writing.then(() => writeWhole(path, latest, onTrouble))
      },
      flushed: Effect.promise(() => writing),
    }
  })

const readSamples = async (
  path: string,
  onTrouble: (message: string) => void,
): Promise<Footprints["samplesMib"]> => {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (error) {
    if (!isMissing(error))
      onTrouble(`${path} could not be read (${messageOf(error)}); models are measured anew.`)
    return {}
  }
  try {
    const samples = parseSamples(JSON.parse(text))
    if (samples !== undefined) return samples
    onTrouble(`${path} does not hold measured footprints of version ${VERSION}; models are measured anew.`)
  } catch (error) {
    onTrouble(`${path} is not JSON (${messageOf(error)}); models are measured anew.`)
  }
  return {}
}

const parseSamples = (found: unknown): Footprints["samplesMib"] | undefined => {
  if (typeof found !== "object" || found === null || !("version" in found) || !("samplesMib" in found)) return
  const { version, samplesMib } = found
  if (version !== VERSION || typeof samplesMib !== "object" || samplesMib === null) return undefined
  const samples: [string, readonly number[]][] = []
  for (const [key, value] of Object.entries<unknown>({ ...samplesMib })) {
    if (!isSamples(value)) return undefined
    samples.push([key, value])
  }
  return Object.fromEntries(samples)
}

const isSamples = (value: unknown): value is readonly number[] =>
  Array.isArray(value) &&
  value.length <= MOST_SAMPLES &&
  value.every((mib) => Number.isSafeInteger(mib) && mib > 0)

const writeWhole = async (
  path: string,
  samplesMib: Footprints["samplesMib"],
  onTrouble: (message: string) => void,
): Promise<void> => {
  try {
    await replaceFile(path, `${JSON.stringify({ version: VERSION, samplesMib }, undefined, 2)}\n`)
  } catch (error) {
    onTrouble(`Measured footprints could not be kept in ${path}: ${messageOf(error)}`)
  }
}

const isMissing = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT"

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
