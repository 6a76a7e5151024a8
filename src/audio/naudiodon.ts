import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioBackend, AudioDevice, AudioOutput } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { AudioError } from "./audio-error.ts"
import { AudioProcess } from "./audio-process.ts"
import { SAMPLE_RATE_HZ, samplesToMs, toBytes } from "./format.ts"
import { openLiveInput } from "./live-input.ts"
import { monotonicClock } from "./monotonic-clock.ts"
import {
  type NaudiodonRequest,
  type NaudiodonStatus,
  PLAY_AUDIO,
  PLAY_FLUSH,
  PLAY_HEADER_BYTES,
} from "./naudiodon-messages.ts"

/** The library loads in a second; a device that takes longer than this is not going to open. */
const OPEN_TIMEOUT_MS = 5000
const STATUS_FD = 3
const AUDIO_FD = 4

/** True where the optional dependency is installed and was built. */
export const naudiodonInstalled = (): boolean => {
  try {
    const main = createRequire(import.meta.url).resolve("naudiodon")
    return existsSync(new URL("./build/Release/naudiodon.node", `file://${main}`))
  } catch {
    return false
  }
}

/** PortAudio, in a child process: for systems without a sound server of the Pulse kind. */
export const naudiodonBackend = (clock: Clock = monotonicClock): AudioBackend => ({
  id: "naudiodon",
  devices: Effect.andThen(installed, listDevices),
  openInput: ({ device }) =>
    Effect.gen(function* () {
      yield* installed
      if (device !== undefined) yield* checkDevice("input", device)
      return yield* openLiveInput({
        device: device ?? "default",
        clock,
        spawn: ({ onBytes, onExit }) => {
          let rateHz = SAMPLE_RATE_HZ
          let failure: string | undefined
          const child = launch(
            { mode: "input", device },
            {
              onStatus: (status) => {
                if (status.type === "open") rateHz = status.rateHz
                if (status.type === "failed") failure = status.message
              },
              onExit: (reason) => onExit(failure ?? reason),
            },
          )
          readable(child, AUDIO_FD)?.on("data", (bytes: Buffer) => onBytes(bytes, rateHz))
          return { kill: () => child.child.kill("SIGKILL"), gone: child.gone }
        },
      })
    }),
  openOutput: ({ device, rateHz }) => Effect.andThen(installed, openOutput({ device, rateHz })),
})

const installed: Effect.Effect<void, AudioError> = Effect.suspend(() =>
  naudiodonInstalled()
    ? Effect.void
    : Effect.fail(
        new AudioError({
          message:
            "Found no naudiodon; it is an optional dependency that has to be built. Run: npm install naudiodon (needs python3, make and g++), or use --audio pulse or --audio null.",
        }),
      ),
)

/** Runs from source in tests, where the child is taken from the build. */
const childProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/audio/naudiodon-child.js" : "./naudiodon-child.js",
    import.meta.url,
  ),
)

interface ChildCallbacks {
  readonly onStatus: (status: NaudiodonStatus) => void
  readonly onExit: (reason: string) => void
}

const launch = (request: NaudiodonRequest, { onStatus, onExit }: ChildCallbacks): AudioProcess => {
  const child = new AudioProcess(
    process.execPath,
    [childProgram, JSON.stringify(request)],
    // Its stdout belongs to the library, which prints banners there.
    ["pipe", "ignore", "pipe", "pipe", "pipe"],
    onExit,
  )
  let rest = ""
  readable(child, STATUS_FD)?.on("data", (bytes: Buffer) => {
    const lines = (rest + bytes.toString("utf8")).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) onStatus(JSON.parse(line))
  })
  return child
}

const readable = ({ child }: AudioProcess, fd: number): Readable | undefined => {
  const stream = child.stdio[fd]
  return stream !== null && stream !== undefined && "read" in stream ? stream : undefined
}

const listDevices: Effect.Effect<readonly AudioDevice[], AudioError> = Effect.callback<
  readonly AudioDevice[],
  AudioError
>((resume) => {
  const child = launch(
    { mode: "list" },
    {
      onStatus: (status) => {
        if (status.type === "failed") resume(Effect.fail(new AudioError({ message: status.message })))
        if (status.type !== "devices") return
        resume(
          Effect.succeed(
            status.devices.flatMap(({ name, inputs, outputs, isDefaultInput, isDefaultOutput }) => [
              ...(inputs > 0
                ? [{ name, description: name, direction: "input" as const, isDefault: isDefaultInput }]
                : []),
              ...(outputs > 0
                ? [{ name, description: name, direction: "output" as const, isDefault: isDefaultOutput }]
                : []),
            ]),
          ),
        )
      },
      onExit: (reason) =>
        resume(Effect.fail(new AudioError({ message: `naudiodon gave no list of devices: ${reason}` }))),
    },
  )
  return Effect.sync(() => child.kill())
}).pipe(
  Effect.timeoutOrElse({
    duration: OPEN_TIMEOUT_MS,
    orElse: () => Effect.fail(new AudioError({ message: "naudiodon did not list the devices in 5 s." })),
  }),
)

const checkDevice = (direction: AudioDevice["direction"], wanted: string) =>
  Effect.gen(function* () {
    const names = (yield* listDevices).filter((one) => one.direction === direction).map((one) => one.name)
    if (names.includes(wanted)) return
    return yield* new AudioError({
      message: `Found no ${direction} device "${wanted}"; there are: ${names.length === 0 ? "none" : names.join(", ")}. Choose one with jett setup.`,
    })
  })

class NaudiodonOutput implements AudioOutput {
  readonly rateHz: number
  readonly child: AudioProcess
  deviceLatencyMs = 0
  failure: string | undefined
  #handed = 0
  #taken = 0

  constructor(
    options: { readonly device?: string | undefined; readonly rateHz: number },
    onOpen: () => void,
  ) {
    this.rateHz = options.rateHz
    this.child = launch(
      { mode: "output", device: options.device, rateHz: options.rateHz },
      {
        onStatus: (status) => {
          if (status.type === "failed") this.failure = status.message
          if (status.type === "taken") this.#taken = status.samples
          if (status.type !== "open") return
          this.deviceLatencyMs = status.latencyMs
          onOpen()
        },
        onExit: (reason) => {
          this.failure ??= reason
          onOpen()
        },
      },
    )
  }

  write(samples: Int16Array): Effect.Effect<void, AudioError> {
    return Effect.suspend(() => {
      if (this.failure !== undefined)
        return Effect.fail(
          new AudioError({ message: `The loudspeaker is away (${this.failure}). Open it again.` }),
        )
      this.#handed += samples.length
      this.#send(PLAY_AUDIO, toBytes(samples))
      return Effect.void
    })
  }

  flush(): Effect.Effect<{ readonly droppedSamples: number }> {
    return Effect.sync(() => {
      const droppedSamples = Math.max(0, this.#handed - this.#taken)
      this.#handed -= droppedSamples
      this.#send(PLAY_FLUSH, Buffer.alloc(0))
      return { droppedSamples }
    })
  }

  latencyMs(): number {
    return samplesToMs(Math.max(0, this.#handed - this.#taken), this.rateHz) + this.deviceLatencyMs
  }

  #send(type: number, body: Buffer): void {
    const header = Buffer.alloc(PLAY_HEADER_BYTES)
    header.writeUInt8(type, 0)
    header.writeUInt32LE(body.length, 1)
    this.child.child.stdin?.write(Buffer.concat([header, body]))
  }
}

const openOutput = (options: {
  readonly device?: string | undefined
  readonly rateHz: number
}): Effect.Effect<AudioOutput, AudioError, Scope> =>
  Effect.gen(function* () {
    let opened: () => void = () => undefined
    const opening = new Promise<void>((resolve) => {
      opened = resolve
    })
    const output = yield* Effect.acquireRelease(
      Effect.sync(() => new NaudiodonOutput(options, opened)),
      ({ child }) =>
        Effect.promise(() => {
          child.kill()
          return child.gone
        }),
    )
    yield* Effect.timeoutOption(
      Effect.promise(() => opening),
      OPEN_TIMEOUT_MS,
    )
    if (output.failure === undefined) return output
    return yield* new AudioError({ message: `The loudspeaker did not open: ${output.failure}` })
  })
