import { randomUUID } from "node:crypto"
import { readFile, rename } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { replaceFile } from "../../platform/replace-file.ts"
import { isLabel, isLength, MAX_TIMERS, type Timer } from "./timer.ts"

const VERSION = 1

/** The timers on disk: one JSON file, 0600, replaced as a whole. */
export interface TimerFile {
  readonly timers: readonly Timer[]
  /** Writes them all, one writing after the other; false where they could not be written, which is reported. */
  save(timers: readonly Timer[]): Effect.Effect<boolean>
  /** Ends when what was saved so far is on disk. */
  readonly flushed: Effect.Effect<void>
}

/**
 * Reads the file at `path`. A missing one is empty. One that cannot be read or makes no sense is renamed, so that nothing
 * is lost, and reported; Jett goes on without its timers. Never fails.
 */
export const openTimerFile = (path: string, onTrouble: (message: string) => void): Effect.Effect<TimerFile> =>
  Effect.gen(function* () {
    const timers = yield* Effect.promise(() => readTimers(path, onTrouble))
    let writing: Promise<unknown> = Promise.resolve()
    return {
      timers,
      save: (latest) =>
        Effect.promise(() => {
          const written = writing.then(() => writeWhole(path, latest, onTrouble))
          writing = written
          return written
        }),
      flushed: Effect.asVoid(Effect.promise(() => writing)),
    }
  })

const readTimers = async (path: string, onTrouble: (message: string) => void): Promise<readonly Timer[]> => {
  let problem: string
  try {
    const timers = parseTimers(JSON.parse(await readFile(path, "utf8")))
    if (timers !== undefined) return timers
    problem = `does not hold timers of version ${VERSION}`
  } catch (error) {
    if (codeOf(error) === "ENOENT") return []
    // What is wrong with the JSON would quote it, labels included.
    problem = error instanceof SyntaxError ? "is not JSON" : `could not be read (${codeOf(error)})`
  }
  const aside = `${path}.unreadable-${randomUUID()}`
  const kept = await rename(path, aside).then(
    () => `It is kept as ${aside}.`,
    () => "It could not be moved out of the way, so the next timer replaces it.",
  )
  onTrouble(`The timers that were set are lost: ${path} ${problem}. ${kept}`)
  return []
}

const parseTimers = (found: unknown): readonly Timer[] | undefined => {
  if (typeof found !== "object" || found === null || !("version" in found) || !("timers" in found)) return
  const { version, timers } = found
  if (version !== VERSION || !Array.isArray(timers) || timers.length > MAX_TIMERS) return undefined
  const parsed = timers.map(parseTimer).filter((timer) => timer !== undefined)
  const isWhole =
    parsed.length === timers.length && new Set(parsed.map(({ id }) => id)).size === parsed.length
  return isWhole ? parsed : undefined
}

const parseTimer = (found: unknown): Timer | undefined => {
  if (typeof found !== "object" || found === null) return undefined
  const { id, label, seconds, setAtMs, endsAtMs } = {
    id: undefined,
    label: undefined,
    seconds: undefined,
    setAtMs: undefined,
    endsAtMs: undefined,
    ...found,
  }
  if (typeof id !== "string" || id === "" || !isLength(seconds)) return undefined
  if (!isMoment(setAtMs) || !isMoment(endsAtMs)) return undefined
  if (label === undefined) return { id, seconds, setAtMs, endsAtMs }
  return isLabel(label) ? { id, label, seconds, setAtMs, endsAtMs } : undefined
}

/** Within what a date can be. */
const isMoment = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= 8.64e15

const writeWhole = async (
  path: string,
  timers: readonly Timer[],
  onTrouble: (message: string) => void,
): Promise<boolean> => {
  try {
    await replaceFile(path, `${JSON.stringify({ version: VERSION, timers }, undefined, 2)}\n`)
    return true
  } catch (error) {
    onTrouble(`Timers could not be kept in ${path} (${codeOf(error)}): they end with this process.`)
    return false
  }
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown error"
