import { FRAME_SAMPLES } from "../audio/format.ts"
import type { Engine, ListenerInput, ListenerOutput, WakeScore } from "../ports/engine.ts"
import type { EngineOptions } from "../ports/host-protocol.ts"
import { EngineError } from "./engine-error.ts"
import { checkedSamples } from "./engine-input.ts"
import { requiredFile, requiredFileMatching } from "./onnx.ts"
import { VoiceActivityDetector } from "./vad.ts"
import { WakeDetector } from "./wake.ts"

/** Silence that fills the wake word's window (16 steps, and the one that warms it up) in whole steps and frames: 1.6 s. */
const PRIMING_SAMPLES = 25_600

/** Nobody says the wake word under this probability of a voice; speech proper is above 0.5. */
const FAINT_VOICE = 0.1
/** Frames, 2 s: longer than the wake word and what its classifier looks at. */
const ATTENTIVE_FRAMES = 62

/**
 * Wake word and voice activity over one stream. Stateful: every frame must arrive, once and in order. An aborted
 * request is finished all the same, since a skipped frame would break both models' state, and it takes a millisecond.
 *
 * Files: `melspectrogram.onnx`, `embedding_model.onnx`, the wake word's own `.onnx`, `silero_vad.onnx`.
 * Parameter `primed`: it begins as if it had heard silence before, so that the wake word is found in the first second too.
 * Parameter `dozes`: where not even a faint voice was heard for 2 s the wake word is not looked for (its scores are 0).
 * Parameter `wakeWord`: false leaves the wake word and its three files out; that is nine tenths of the work.
 */
export const engine: Engine<ListenerInput, never, ListenerOutput> = {
  async load(options) {
    const wake = options.parameters?.["wakeWord"] === false ? undefined : await openWake(options)
    const vad = await VoiceActivityDetector.open(requiredFile(options, "silero_vad.onnx"))
    const dozes = options.parameters?.["dozes"] === true
    if (options.parameters?.["primed"] === true) await wake?.push(new Int16Array(PRIMING_SAMPLES), !dozes)
    let quietFrames = ATTENTIVE_FRAMES

    return {
      async infer(input) {
        const samples = checkedSamples(input.samples)
        if (samples.length === 0 || samples.length % FRAME_SAMPLES !== 0) {
          throw new EngineError(
            "bad-input",
            `The listener takes whole frames of ${FRAME_SAMPLES} samples, not ${samples.length} samples`,
          )
        }
        const voiceActivity: number[] = []
        const scores: WakeScore[] = []
        for (let start = 0; start < samples.length; start += FRAME_SAMPLES) {
          const frame = samples.subarray(start, start + FRAME_SAMPLES)
          const voice = await vad.push(frame)
          voiceActivity.push(voice)
          quietFrames = voice >= FAINT_VOICE ? 0 : quietFrames + 1
          const attend = !dozes || quietFrames < ATTENTIVE_FRAMES
          for (const score of (await wake?.push(frame, attend)) ?? [])
            scores.push({ score, frame: start / FRAME_SAMPLES })
        }
        return { voiceActivity, wake: scores }
      },
      async dispose() {
        await Promise.all([wake?.close(), vad.close()])
      },
    }
  },
}

const openWake = (options: EngineOptions): Promise<WakeDetector> => {
  const shared = new Set(["melspectrogram.onnx", "embedding_model.onnx", "silero_vad.onnx"])
  const others = Object.entries(options.files).filter(([name]) => !shared.has(name))
  return WakeDetector.open({
    melspectrogram: requiredFile(options, "melspectrogram.onnx"),
    embedding: requiredFile(options, "embedding_model.onnx"),
    classifier: requiredFileMatching({ ...options, files: Object.fromEntries(others) }, ".onnx"),
  })
}
