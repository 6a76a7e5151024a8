import { EngineError } from "./engine-error.ts"
import { expectInputs, floatsOf, type InferenceSession, openSession, Tensor } from "./onnx.ts"

/** New samples of one step: 80 ms at 16 kHz. */
const WAKE_STEP_SAMPLES = 1280
/** Steps after a cold start whose scores are forced to 0: the classifier's window is not filled with audio before. */
export const WAKE_MASK_STEPS = 16

/** Samples of the previous step that the mel frames of this one reach back into (three hops of 160). */
const CARRY_SAMPLES = 480
const MEL_BINS = 32
/** Mel frames that one embedding looks at. */
const MEL_WINDOW = 76
/** Mel frames of a step. */
const MEL_STEP = 8
const EMBEDDING_SIZE = 96

export interface WakeFiles {
  readonly melspectrogram: string
  readonly embedding: string
  readonly classifier: string
}

/**
 * The openWakeWord streaming detector: melspectrogram → speech embedding → classifier, one score an 80 ms step.
 *
 * It follows `openwakeword/utils.py` (AudioFeatures) exactly, quirks included: samples keep their int16 values, the
 * very first call has no carry, the mel window starts as ones. The mel graph clamps relative to the loudest frame of a
 * call, so scores are comparable only between streams that are cut at the same 1280-sample steps.
 *
 * Never restart it between turns: a cold window is what gives phantom wake words.
 */
export class WakeDetector {
  readonly #mel: InferenceSession
  readonly #embedding: InferenceSession
  readonly #classifier: InferenceSession
  readonly #windowSteps: number

  readonly #samples = new Float32Array(CARRY_SAMPLES + WAKE_STEP_SAMPLES)
  readonly #warmInput = new Tensor("float32", this.#samples, [1, this.#samples.length])
  /** What the embeddings of the last steps looked at, so that those that were left out can be made up for. */
  readonly #melHistory: Float32Array
  readonly #melWindow = new Float32Array(MEL_WINDOW * MEL_BINS)
  readonly #melTensor = new Tensor("float32", this.#melWindow, [1, MEL_WINDOW, MEL_BINS, 1])
  readonly #features: Float32Array
  readonly #featuresTensor: Tensor
  #pending = 0
  #steps = 0
  /** Steps up to now whose embeddings were left out. */
  #behind = 0

  private constructor(
    sessions: readonly [InferenceSession, InferenceSession, InferenceSession],
    window: number,
  ) {
    ;[this.#mel, this.#embedding, this.#classifier] = sessions
    this.#windowSteps = window
    this.#melHistory = new Float32Array((MEL_WINDOW + MEL_STEP * window) * MEL_BINS).fill(1)
    this.#features = new Float32Array(window * EMBEDDING_SIZE)
    this.#featuresTensor = new Tensor("float32", this.#features, [1, window, EMBEDDING_SIZE])
  }

  static async open(files: WakeFiles): Promise<WakeDetector> {
    const mel = await openSession(files.melspectrogram, { type: "always-on" })
    const embedding = await openSession(files.embedding, { type: "always-on" })
    const classifier = await openSession(files.classifier, { type: "always-on" })
    expectInputs(mel, files.melspectrogram, ["input"])
    expectInputs(embedding, files.embedding, ["input_1"])
    return new WakeDetector([mel, embedding, classifier], classifierWindow(classifier, files.classifier))
  }

  /**
   * Feeds samples (Int16Array, mono, 16 kHz, any length) and returns a score in [0, 1] for each completed step. Where
   * `attend` is false the score is 0 and nine tenths of the work are left out; they are made up for, with the very same
   * scores, at the next step that is attended to.
   */
  async push(samples: Int16Array, attend = true): Promise<number[]> {
    const scores: number[] = []
    let offset = 0
    while (offset < samples.length) {
      const taken = Math.min(WAKE_STEP_SAMPLES - this.#pending, samples.length - offset)
      this.#samples.set(samples.subarray(offset, offset + taken), CARRY_SAMPLES + this.#pending)
      this.#pending += taken
      offset += taken
      if (this.#pending < WAKE_STEP_SAMPLES) break
      scores.push(await this.#step(attend))
    }
    return scores
  }

  async close(): Promise<void> {
    await Promise.all([this.#mel.release(), this.#embedding.release(), this.#classifier.release()])
  }

  async #step(attend: boolean): Promise<number> {
    const cold = this.#steps === 0
    const input = cold
      ? new Tensor("float32", this.#samples.slice(CARRY_SAMPLES), [1, WAKE_STEP_SAMPLES])
      : this.#warmInput
    const mel = floatsOf(await this.#mel.run({ input }), outputOf(this.#mel))
    this.#samples.copyWithin(0, WAKE_STEP_SAMPLES)
    this.#pending = 0

    shiftIn(this.#melHistory, mel, (value) => value / 10 + 2)
    this.#steps += 1
    if (!attend) {
      this.#behind = Math.min(this.#behind + 1, this.#windowSteps)
      return 0
    }
    for (; this.#behind > 0; this.#behind -= 1) await this.#embed(this.#behind)
    await this.#embed(0)
    if (this.#steps <= Math.max(WAKE_MASK_STEPS, this.#windowSteps)) return 0
    const score = await this.#classifier.run({ [inputOf(this.#classifier)]: this.#featuresTensor })
    return floatsOf(score, outputOf(this.#classifier))[0] ?? 0
  }

  /** The embedding of the step that was completed `stepsAgo`. */
  async #embed(stepsAgo: number): Promise<void> {
    const end = this.#melHistory.length - stepsAgo * MEL_STEP * MEL_BINS
    this.#melWindow.set(this.#melHistory.subarray(end - this.#melWindow.length, end))
    const embedding = await this.#embedding.run({ input_1: this.#melTensor })
    shiftIn(this.#features, floatsOf(embedding, outputOf(this.#embedding)), (value) => value)
  }
}

/** Moves `window` left by what comes in and writes it, transformed, at the end. */
function shiftIn(window: Float32Array, incoming: Float32Array, transform: (value: number) => number): void {
  window.copyWithin(0, incoming.length)
  const start = window.length - incoming.length
  for (let index = 0; index < incoming.length; index += 1) {
    window[start + index] = transform(incoming[index] ?? 0)
  }
}

/** How many embeddings the classifier looks at: read from the file, as the models differ. */
function classifierWindow(session: InferenceSession, file: string): number {
  const input = session.inputMetadata[0]
  const window = input?.isTensor ? input.shape[1] : undefined
  const size = input?.isTensor ? input.shape[2] : undefined
  if (typeof window === "number" && window > 0 && size === EMBEDDING_SIZE) return window
  throw new EngineError(
    "load-failed",
    `${file} is not an openWakeWord classifier: its input must be [1, steps, ${EMBEDDING_SIZE}]`,
  )
}

function inputOf(session: InferenceSession): string {
  return session.inputNames[0] ?? ""
}

function outputOf(session: InferenceSession): string {
  return session.outputNames[0] ?? ""
}
