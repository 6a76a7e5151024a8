import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { SAMPLE_RATE_HZ } from "../../src/audio/format.ts"
import { readWav } from "../../src/audio/read-wav.ts"
import { WavWriter } from "../../src/audio/wav-writer.ts"
import type { Progress } from "../progress.ts"
import { type Recording, record } from "./record.ts"
import type { Speakers } from "./speakers.ts"
import { type Label, type Utterance, utteranceHash } from "./utterance.ts"

/** An utterance and how it sounds. */
export interface Recorded<U extends Utterance = Utterance> {
  readonly utterance: U
  readonly recording: Recording
}

/**
 * The recordings, made when they are first asked for and kept as WAV files with their labels beside them. A run that
 * was interrupted goes on where it stopped: a WAV file is there only when it is whole.
 */
export class Corpus {
  readonly #folder: string
  readonly #speakers: Pick<Speakers, "modelHash" | "speak" | "close">
  readonly #progress: Progress

  constructor(options: {
    readonly folder: string
    readonly speakers: Pick<Speakers, "modelHash" | "speak" | "close">
    readonly progress: Progress
  }) {
    this.#folder = options.folder
    this.#speakers = options.speakers
    this.#progress = options.progress
  }

  /** The recordings of `utterances`, in their order. Rejects with the reason once `signal` is aborted. */
  async recordings<U extends Utterance>(
    what: string,
    utterances: readonly U[],
    signal: AbortSignal,
  ): Promise<readonly Recorded<U>[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const recorded: Recorded<U>[] = []
    let made = 0
    for (const utterance of utterances) {
      signal.throwIfAborted()
      const path = join(
        this.#folder,
        utteranceHash(utterance, await this.#speakers.modelHash(utterance.voice)),
      )
      const kept = await readRecording(path)
      if (kept === undefined) {
        this.#progress.step(`making recordings of ${what}:`, recorded.length, utterances.length)
        made += 1
      }
      recorded.push({ utterance, recording: kept ?? (await this.#make(utterance, path)) })
    }
    if (made > 0) {
      this.#progress.step(`making recordings of ${what}:`, utterances.length, utterances.length)
      // Its memory is for what is measured next.
      await this.#speakers.close()
    }
    return recorded
  }

  async #make(utterance: Utterance, path: string): Promise<Recording> {
    const recording = await record(utterance, (text, voice) => this.#speakers.speak(text, voice))
    await writeFile(`${path}.json`, JSON.stringify({ ...utterance, label: recording.label }))
    const part = `${path}.${randomUUID()}.part`
    await writeWav(part, recording.samples)
    await rename(part, `${path}.wav`)
    return recording
  }
}

/** The words of an utterance, without its pauses. */
export const wordsOf = ({ pieces }: Utterance): string =>
  pieces.filter((piece) => typeof piece === "string").join(" ")

const readRecording = async (path: string): Promise<Recording | undefined> => {
  const label = labelIn(await readFile(`${path}.json`, "utf8").catch(() => ""))
  const samples = await Effect.runPromise(Effect.option(readWav(`${path}.wav`)))
  return label === undefined || Option.isNone(samples) ? undefined : { samples: samples.value, label }
}

const labelIn = (text: string): Label | undefined => {
  if (text === "") return undefined
  const found: unknown = JSON.parse(text)
  return hasLabel(found) ? found.label : undefined
}

/** Only this file writes them, so their shape is known where they are whole. */
const hasLabel = (found: unknown): found is { readonly label: Label } =>
  typeof found === "object" && found !== null && "label" in found

const writeWav = (path: string, samples: Int16Array): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(WavWriter.open(path, { rateHz: SAMPLE_RATE_HZ, channels: 1 }), (writer) =>
        writer.write(samples),
      ),
    ),
  )
