import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { nullBackend } from "../../audio/null.ts"
import type { Part } from "../../machines/conversation/conversation-types.ts"
import type {
  AudioBackend,
  AudioFailure,
  AudioInput,
  AudioOutput,
  OpenInput,
  OpenOutput,
} from "../../ports/audio.ts"
import { lateInput } from "./late-input.ts"

export interface Devices {
  readonly input: AudioInput
  readonly output: AudioOutput
  /** What could not be opened; silence stands in for it, so that text turns still work. */
  readonly missing: readonly MissingDevice[]
}

export interface MissingDevice {
  readonly part: Part
  readonly message: string
}

interface WantedDevices {
  readonly input: OpenInput
  readonly output: OpenOutput
}

/** Whether its devices come and go by themselves, unlike a file. */
export const isLive = ({ id }: AudioBackend): boolean => id === "pulse" || id === "naudiodon"

/** Opens both or fails: a file that cannot be read is an error, not a missing microphone. */
export const openAll = (
  backend: AudioBackend,
  wanted: WantedDevices,
): Effect.Effect<Devices, AudioFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const input = yield* backend.openInput(wanted.input)
    const output = yield* backend.openOutput(wanted.output)
    return { input, output, missing: [] }
  })

/**
 * Opens the microphone and the speaker; one that is not there degrades Jett to text instead of ending it. The microphone
 * is opened when it comes.
 */
export const openDevices = (
  backend: AudioBackend,
  wanted: WantedDevices,
): Effect.Effect<Devices, never, Scope.Scope> =>
  Effect.gen(function* () {
    const silent = nullBackend()
    const missing: MissingDevice[] = []
    const orSilent = <A>(
      part: Part,
      open: Effect.Effect<A, { readonly message: string }, Scope.Scope>,
      silence: Effect.Effect<A, { readonly message: string }, Scope.Scope>,
    ) =>
      Effect.catch(open, ({ message }) => {
        missing.push({ part, message })
        // Silence cannot fail to open.
        return Effect.orDie(silence)
      })
    const openInput = Effect.suspend(() => backend.openInput(wanted.input))
    const noInputYet = Effect.flatMap(silent.openInput(wanted.input), (silence) =>
      lateInput(silence, openInput),
    )
    const input = yield* orSilent("mic", openInput, noInputYet)
    const output = yield* orSilent(
      "speaker",
      backend.openOutput(wanted.output),
      silent.openOutput(wanted.output),
    )
    return { input, output, missing }
  })
