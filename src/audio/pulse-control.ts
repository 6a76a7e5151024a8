import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AudioDevice } from "../ports/audio.ts"
import { AudioError } from "./audio-error.ts"
import { toolEnvironment } from "./audio-process.ts"

const Node = Schema.Struct({
  index: Schema.Number,
  name: Schema.String,
  description: Schema.String,
  mute: Schema.Boolean,
  monitor_source: Schema.optionalKey(Schema.String),
})
type PulseNode = typeof Node.Type

const Recording = Schema.Struct({
  source: Schema.Number,
  mute: Schema.Boolean,
  properties: Schema.Record(Schema.String, Schema.Unknown),
})

const Info = Schema.Struct({
  server_name: Schema.String,
  default_sink_name: Schema.String,
  default_source_name: Schema.String,
})

const TIMEOUT_MS = 3000

/** One question to the sound server (PulseAudio, or PipeWire's layer for it), answered in JSON: pactl 15 or newer. */
const pactl = <S extends Schema.Top>(schema: S, ...args: readonly string[]) =>
  Effect.callback<string, AudioError>((resume) => {
    const child = execFile(
      "pactl",
      ["-f", "json", ...args],
      { env: toolEnvironment(), timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: 16 * 1024 * 1024 },
      (cause, stdout, stderr) => {
        resume(cause === null ? Effect.succeed(stdout) : Effect.fail(explain(cause, stderr)))
      },
    )
    return Effect.sync(() => {
      child.kill("SIGKILL")
    })
  }).pipe(
    Effect.flatMap((text) => Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text)),
    Effect.mapError((cause) =>
      cause instanceof AudioError
        ? cause
        : new AudioError({
            message: `pactl ${args.join(" ")} gave an answer that is not understood; expected JSON of pactl 15 or newer. Update pulseaudio-utils.`,
            cause,
          }),
    ),
  )

const explain = (
  cause: { readonly code?: unknown; readonly message: string },
  stderr: string,
): AudioError => {
  if (cause.code === "ENOENT")
    return new AudioError({
      message:
        "Found no pactl; the pulse back end needs it. Install pulseaudio-utils, or run jett serve --audio null.",
      cause,
    })
  const said = stderr.trim().split("\n").at(-1) ?? ""
  return new AudioError({
    message: `The sound server does not answer (${said === "" ? cause.message : said}). Start PulseAudio or PipeWire in this session, or run jett serve --audio null.`,
    cause,
  })
}

const serverInfo = pactl(Info, "info")
export const listSources = pactl(Schema.Array(Node), "list", "sources")
const listSinks = pactl(Schema.Array(Node), "list", "sinks")
export const listRecordings = pactl(Schema.Array(Recording), "list", "source-outputs")

/** Microphones and loudspeakers by their stable names. A monitor (what a loudspeaker plays) is listed only as the default. */
export const listDevices: Effect.Effect<readonly AudioDevice[], AudioError> = Effect.gen(function* () {
  const info = yield* serverInfo
  const device = (
    node: PulseNode,
    direction: AudioDevice["direction"],
    defaultName: string,
  ): AudioDevice => ({
    name: node.name,
    description: node.description,
    direction,
    isDefault: node.name === defaultName,
  })
  const sources = (yield* listSources)
    .filter((source) => !isMonitor(source) || source.name === info.default_source_name)
    .map((source) => device(source, "input", info.default_source_name))
  const sinks = (yield* listSinks).map((sink) => device(sink, "output", info.default_sink_name))
  return [...sources, ...sinks]
})

const isMonitor = (source: PulseNode): boolean =>
  source.monitor_source !== undefined && source.monitor_source !== ""

/** The device that was asked for, or the default's name; fails with the names there are. */
export const findDevice = (
  direction: AudioDevice["direction"],
  wanted: string | undefined,
): Effect.Effect<string, AudioError> =>
  Effect.gen(function* () {
    const info = yield* serverInfo
    const nodes = yield* direction === "input" ? listSources : listSinks
    const name = wanted ?? (direction === "input" ? info.default_source_name : info.default_sink_name)
    if (nodes.some((node) => node.name === name)) return name
    const kind = direction === "input" ? "microphone" : "loudspeaker"
    const names = nodes.map((node) => node.name).join(", ")
    return yield* new AudioError({
      message: `Found no ${kind} "${name}"; there are: ${names === "" ? "none" : names}. Choose one with jett setup.`,
    })
  })
