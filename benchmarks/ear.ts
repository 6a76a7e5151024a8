import * as Effect from "effect/Effect"
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from "../src/audio/format.ts"
import { type Wake, WakeGate } from "../src/audio/wake-gate.ts"
import type { Config } from "../src/config/definition.ts"
import { modelsFolder } from "../src/config/paths.ts"
import { engine } from "../src/models/listener.ts"
import { makeModelStore } from "../src/models/store.ts"
import type { ListenerInput, ListenerOutput, LoadedEngine } from "../src/ports/engine.ts"

/** What the ear made of a sound: each wake, and the highest score of all. */
export interface Heard {
  readonly wakes: readonly Wake[]
  readonly peak: number
}

const PIECE_SAMPLES = 64 * FRAME_SAMPLES
const GAP_SAMPLES = Math.round(2.2 * SAMPLE_RATE_HZ)

/**
 * The wake-word engine and its gate as Jett runs them, over a stream that is never reset, in this process: hours of
 * sound pass in minutes. `hear` feeds a sound and then a gap long enough for the next wake to count.
 */
export class Ear {
  readonly #engine: LoadedEngine<ListenerInput, never, ListenerOutput>
  readonly #gate: WakeGate
  #samples = 0
  #rest = new Int16Array(0)

  private constructor(loaded: LoadedEngine<ListenerInput, never, ListenerOutput>, { wake }: Config) {
    this.#engine = loaded
    this.#gate = new WakeGate({
      threshold: wake.threshold,
      steps: wake.frames,
      refractoryMs: wake.refractoryMs,
    })
  }

  static async open(config: Config): Promise<Ear> {
    const store = makeModelStore(modelsFolder(config, process.env))
    const models = await Effect.runPromise(
      Effect.all([store.installed(config.wake.model), store.installed("vad-silero")]),
    )
    const options = {
      files: Object.assign({}, ...models.map(({ files }) => files)),
      sha256: {},
      threads: 1,
      parameters: { primed: true, dozes: true },
    }
    return new Ear(await engine.load(options), config)
  }

  /** Int16Array, mono, 16 kHz. `gap`: what follows, silence where it is not given. */
  async hear(samples: Int16Array, gap: Int16Array = new Int16Array(GAP_SAMPLES)): Promise<Heard> {
    const wakes: Wake[] = []
    let peak = 0
    for (const sound of [samples, gap]) {
      const all = concat(this.#rest, sound)
      const whole = all.length - (all.length % FRAME_SAMPLES)
      this.#rest = all.slice(whole)
      // Not all at once: between the pieces whoever wants to stop us gets a turn.
      for (let start = 0; start < whole; start += PIECE_SAMPLES) {
        const piece = all.slice(start, Math.min(whole, start + PIECE_SAMPLES))
        const heard = await this.#engine.infer({ samples: piece }, () => {}, new AbortController().signal)
        this.#samples += piece.length
        for (const { score } of heard.wake) {
          peak = Math.max(peak, score)
          const wake = this.#gate.push(score, (this.#samples * 1000) / SAMPLE_RATE_HZ)
          if (wake !== undefined) wakes.push(wake)
        }
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    return { wakes, peak }
  }

  close(): Promise<void> {
    return this.#engine.dispose()
  }
}

const concat = (a: Int16Array, b: Int16Array): Int16Array => {
  if (a.length === 0) return b
  const out = new Int16Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}
