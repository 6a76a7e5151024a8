import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from "../audio/format.ts"
import { EngineError } from "./engine-error.ts"
import { expectInputs, floatsOf, type InferenceSession, openSession, Tensor, tensorOf } from "./onnx.ts"

/** Samples of the previous frame that the model wants in front of the new ones. */
const CONTEXT_SAMPLES = 64
const STATE_SHAPE = [2, 1, 128]

/**
 * Silero VAD, v5 and v6 input layout: 64 samples of context + 512 new ones, and a recurrent state that is fed back.
 * The model also accepts 512 samples without context and then silently gives wrong scores, hence the fixed buffer.
 * Source: `silero_vad/utils_vad.py` (OnnxWrapper).
 */
export class VoiceActivityDetector {
  readonly #session: InferenceSession
  readonly #input = new Float32Array(CONTEXT_SAMPLES + FRAME_SAMPLES)
  readonly #inputTensor = new Tensor("float32", this.#input, [1, this.#input.length])
  readonly #rate = new Tensor("int64", BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)), [])
  #state: Tensor = new Tensor("float32", new Float32Array(256), STATE_SHAPE)

  private constructor(session: InferenceSession) {
    this.#session = session
  }

  static async open(file: string): Promise<VoiceActivityDetector> {
    const session = await openSession(file, { type: "always-on" })
    expectInputs(session, file, ["input", "state", "sr"])
    return new VoiceActivityDetector(session)
  }

  /** Speech probability, 0..1, of the next frame: Int16Array, mono, 16 kHz, exactly 512 samples. */
  async push(frame: Int16Array): Promise<number> {
    if (frame.length !== FRAME_SAMPLES) {
      throw new EngineError("bad-input", `A VAD frame has ${FRAME_SAMPLES} samples, not ${frame.length}`)
    }
    for (let index = 0; index < FRAME_SAMPLES; index += 1) {
      this.#input[CONTEXT_SAMPLES + index] = (frame[index] ?? 0) / 32_768
    }
    const outputs = await this.#session.run({ input: this.#inputTensor, state: this.#state, sr: this.#rate })
    this.#state = tensorOf(outputs, "stateN")
    this.#input.copyWithin(0, FRAME_SAMPLES)
    return floatsOf(outputs, "output")[0] ?? 0
  }

  async close(): Promise<void> {
    await this.#session.release()
  }
}
