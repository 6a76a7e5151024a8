import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AudioClock } from "../../audio/audio-clock.ts"
import { FRAME_SAMPLES } from "../../audio/format.ts"
import { watchInput } from "../../audio/input-watch.ts"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import { nullBackend } from "../../audio/null.ts"
import type { Config } from "../../config/definition.ts"
import type { AudioBackend, AudioFailure, AudioInput, HearingFrame } from "../../ports/audio.ts"
import { type Devices, isLive, openAll, openDevices } from "./open-devices.ts"

export interface AssistantAudioOptions {
  readonly config: Config
  readonly backend: AudioBackend
  /** False where nobody speaks into it: no microphone is opened then, since its lamp would say otherwise. */
  readonly listens: boolean
  readonly voiceRateHz: number
  readonly audioClock: Pick<AudioClock, "nowSample">
}

/** The configured microphone, watched for deafness, and the speaker. A live device that is missing is left out; a file is not. */
export const openAssistantAudio = ({
  config,
  backend,
  listens,
  voiceRateHz,
  audioClock,
}: AssistantAudioOptions): Effect.Effect<Devices, AudioFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const wanted = {
      input: { device: config.audio.input },
      output: { device: config.audio.output, rateHz: voiceRateHz },
    }
    const live = isLive(backend)
    const openInput: AudioBackend["openInput"] = (input) =>
      Effect.flatMap(backend.openInput(input), (opened) =>
        watchInput(opened, monotonicClock, { exempt: !live }),
      )
    const sound = { ...backend, openInput: listens ? openInput : nullBackend().openInput }
    const devices = yield* live ? openDevices(sound, wanted) : openAll(sound, wanted)
    return { ...devices, input: goingOn(devices.input, audioClock.nowSample()) }
  })

/** An input counts from its own opening. The audio clock goes on over that, and would stand still until it caught up. */
const goingOn = (input: AudioInput, fromSample: number): AudioInput => {
  const offset = Math.ceil(fromSample / FRAME_SAMPLES) * FRAME_SAMPLES
  if (offset === 0) return input
  const moved = (frame: HearingFrame) => ({ ...frame, startSample: frame.startSample + offset })
  return { ...input, frames: Stream.map(input.frames, moved) }
}
