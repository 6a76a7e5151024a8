import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { watchInput } from "../audio/input-watch.ts"
import { monotonicClock } from "../audio/monotonic-clock.ts"
import { nullBackend } from "../audio/null.ts"
import type { Config } from "../config/definition.ts"
import type { AudioBackend, AudioFailure } from "../ports/audio.ts"
import { type Devices, isLive, openAll, openDevices } from "./open-devices.ts"

export interface AssistantAudioOptions {
  readonly config: Config
  readonly backend: AudioBackend
  /** False where nobody speaks into it: no microphone is opened then, since its lamp would say otherwise. */
  readonly listens: boolean
  readonly voiceRateHz: number
}

/** The configured microphone, watched for deafness, and the speaker. A live device that is missing is left out; a file is not. */
export const openAssistantAudio = ({
  config,
  backend,
  listens,
  voiceRateHz,
}: AssistantAudioOptions): Effect.Effect<Devices, AudioFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const wanted = {
      input: { device: config.audio.input },
      output: { device: config.audio.output, rateHz: voiceRateHz },
    }
    const sound = listens ? backend : { ...backend, openInput: nullBackend().openInput }
    const live = isLive(backend)
    const devices = yield* live ? openDevices(sound, wanted) : openAll(sound, wanted)
    const exempt = !live || !listens || devices.missing.some(({ part }) => part === "mic")
    const input = yield* watchInput(devices.input, monotonicClock, { exempt })
    return { ...devices, input }
  })
