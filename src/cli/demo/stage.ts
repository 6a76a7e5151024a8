import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { HostId } from "../../actors/models/model-branch.ts"
import { PendingWork } from "../../actors/voice/pending-work.ts"
import { AudioClock } from "../../audio/audio-clock.ts"
import { availableBackends } from "../../audio/backends.ts"
import { fileBackend } from "../../audio/file.ts"
import { readWav } from "../../audio/read-wav.ts"
import { SpokenScript } from "../../audio/spoken-script.ts"
import { teeOutput } from "../../audio/tee-output.ts"
import { loadConfig } from "../../config/load-config.ts"
import { openSystem } from "../../main.ts"
import type { AudioBackend } from "../../ports/audio.ts"
import type { TurnRecord } from "../../ports/turn.ts"
import type { CommandContext } from "../command.ts"
import type { Narrator } from "./narrator.ts"
import type { DemoLine } from "./scenes.ts"
import { Signals } from "./signals.ts"

/** What the scenes are played on. */
export interface Stage {
  /** Says a line into the microphone; settles with its last sample. */
  say(line: DemoLine): Promise<void>
  /** Settles with the next turn that ends, or with undefined after `withinMs` without one. */
  turn(withinMs: number): Promise<TurnRecord | undefined>
  /** Settles when the dialogue enters a state, named by the beginning of its path: "transcribing.settling". */
  entered(path: string): Promise<void>
  /** Settles when speech to text has been loaded (again). */
  speechToTextReady(): Promise<void>
  pid(host: HostId): number | undefined
  /** Ends what is going on, a follow-up window for one. */
  rest(): void
}

/** The embedded model, so that no server is needed, and replies short enough to listen to. */
const overrides = new Map([
  ["llm.provider", "embedded"],
  ["llm.max_reply_tokens", "60"],
  ["conversation.acknowledge", "none"],
  ["time.hour_format", "12h"],
])

const RECORDINGS = new URL("../../../demo/", import.meta.url)

/** Opens the assistant on a scripted microphone; both sides are recorded, and heard where a terminal has a speaker. */
export const openStage = (context: CommandContext, narrator: Narrator, recording: string) =>
  Effect.gen(function* () {
    const { config } = loadConfig({ env: {}, overrides, mayBeMissing: true })
    const clock = new AudioClock()
    const script = new SpokenScript()
    const files = yield* fileBackend({
      input: script,
      conversationPath: recording,
      pace: "realtime",
      clock,
      tailLimitMs: 0,
    })
    const speaker = context.io.stdoutIsTerminal ? yield* Effect.promise(findSpeaker) : undefined
    const states = new Signals<string>()
    const turns = new Signals<TurnRecord>()
    const ready = new Signals<string>()
    let shown = "listening"
    const system = yield* openSystem({
      config,
      backend: speaker === undefined ? files : withSpeaker(files, speaker),
      audioClock: clock,
      outputClock: clock,
      simulated: false,
      listens: true,
      echoCancelled: true,
      pending: new PendingWork(),
      onState: ({ value, detail }) => {
        if (value !== shown) narrator.state(value)
        shown = value
        states.send(`${value}.${detail}`)
      },
      onTurn: (turn) => turns.send(turn),
      onNotice: (message) => narrator.note(message),
      onModel: ({ model, state }) => {
        if (state === "ready") ready.send(model)
      },
    })
    yield* system.warm
    yield* Effect.forkScoped(Effect.ignore(system.run))
    yield* Effect.addFinalizer(() => Effect.sync(() => script.end()))
    const stage: Stage = {
      say: async (line) => {
        const samples = await Effect.runPromise(readWav(fileURLToPath(new URL(line.file, RECORDINGS))))
        await script.say(samples, () => narrator.says("you:", line.words))
      },
      turn: (withinMs) => turns.next(() => true, withinMs),
      entered: async (path) => {
        await states.next((state) => state.startsWith(path))
      },
      speechToTextReady: async () => {
        await ready.next((model) => model === config.stt.model)
      },
      pid: (host) => system.models.pid(host),
      rest: () => system.conversation.send({ type: "user.cancel" }),
    }
    return stage
  })

const findSpeaker = async (): Promise<AudioBackend | undefined> =>
  (await availableBackends()).find(({ id }) => id !== "null")

const withSpeaker = (files: AudioBackend, speaker: AudioBackend): AudioBackend => ({
  ...files,
  openOutput: (options) =>
    Effect.gen(function* () {
      const output = yield* files.openOutput(options)
      // A speaker that cannot be opened leaves the recording as it is.
      return yield* speaker.openOutput({ rateHz: options.rateHz }).pipe(
        Effect.map((heard) => teeOutput(output, heard)),
        Effect.orElseSucceed(() => output),
      )
    }),
})
