import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import { makeModelStore } from "../../src/models/store.ts"
import type { SpeechPcm } from "../../src/ports/audio.ts"
import type { LoadedEngine, SynthesizeInput, SynthesizeOutput } from "../../src/ports/engine.ts"
import type { InstalledModel } from "../../src/ports/models.ts"

const KOKORO = "tts-kokoro-82m-int8"
const PIPER = "tts-piper-joe-medium"

type Synthesizer = LoadedEngine<SynthesizeInput, never, SynthesizeOutput>

/**
 * The voices that speak the corpus, in this process: nothing is measured while they do. A name is a Kokoro voice, or
 * `piper/<noise scale>/<speed>`. Only one engine is loaded at a time.
 */
export class Speakers {
  readonly #modelsFolder: string
  #loaded: { readonly key: string; readonly engine: Synthesizer } | undefined

  constructor(modelsFolder: string) {
    this.#modelsFolder = modelsFolder
  }

  /** What a voice's sound depends on besides its name. */
  async modelHash(voice: string): Promise<string> {
    const model = await this.#model(voice)
    return Object.entries(model.sha256)
      .filter(([file]) => file.endsWith(".onnx") || file === `${voice}.bin`)
      .map(([, hash]) => hash)
      .join()
  }

  async speak(text: string, voice: string): Promise<SpeechPcm> {
    const scales = piperScales(voice)
    const engine = await this.#engine(voice, scales?.noise)
    const input = scales === undefined ? { text, voice } : { text, speed: scales.speed }
    return engine.infer(input, () => {}, new AbortController().signal)
  }

  async close(): Promise<void> {
    await this.#loaded?.engine.dispose()
    this.#loaded = undefined
  }

  async #engine(voice: string, noise: number | undefined): Promise<Synthesizer> {
    const key = noise === undefined ? KOKORO : `${PIPER}/${noise}`
    if (this.#loaded?.key === key) return this.#loaded.engine
    await this.close()
    const { files, sha256 } = await this.#model(voice)
    const options = { files, sha256, threads: availableParallelism() }
    const engine =
      noise === undefined
        ? await (await import("../../src/models/kokoro.ts")).engine.load(options)
        : await (await import("../../src/models/piper.ts")).engine.load({
            ...options,
            // The width of the durations' noise goes with that of the sound: both make the voice livelier.
            parameters: { noiseScale: noise, noiseWidth: noise * 1.2 },
          })
    this.#loaded = { key, engine }
    return engine
  }

  #model(voice: string): Promise<InstalledModel> {
    const store = makeModelStore(this.#modelsFolder)
    return Effect.runPromise(store.installed(piperScales(voice) === undefined ? KOKORO : PIPER))
  }
}

const piperScales = (voice: string): { readonly noise: number; readonly speed: number } | undefined => {
  const [, noise, speed] = /^piper\/([\d.]+)\/([\d.]+)$/.exec(voice) ?? []
  return noise === undefined || speed === undefined
    ? undefined
    : { noise: Number(noise), speed: Number(speed) }
}
