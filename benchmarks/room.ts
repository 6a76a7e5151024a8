import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { StateEntered } from "../src/actors/voice/conversation-system.ts"
import { PendingWork } from "../src/actors/voice/pending-work.ts"
import { AudioClock } from "../src/audio/audio-clock.ts"
import { SAMPLE_RATE_HZ } from "../src/audio/format.ts"
import { monotonicClock } from "../src/audio/monotonic-clock.ts"
import { pulseBackend } from "../src/audio/pulse.ts"
import type { Config } from "../src/config/definition.ts"
import { openSystem } from "../src/main.ts"
import { uuidV7 } from "../src/platform/uuid-v7.ts"
import type { AudioOutput } from "../src/ports/audio.ts"
import type { TurnRecord } from "../src/ports/turn.ts"
import { PulseRig } from "../tests/support/pulse.ts"
import { Tape } from "./tape.ts"

/** A state of the dialogue and when, on the monotonic clock, it was entered. */
export interface SeenState extends Pick<StateEntered, "value" | "detail"> {
  readonly sinceMs: number
}

/** The loudspeaker and the microphone while something was going on. */
export interface Tapes {
  readonly loudspeaker: Tape
  /** The user and the echo, before the canceller. */
  readonly microphone: Tape
}

/**
 * The assistant as it runs on a desktop, in a room that echoes: what its loudspeaker gives out comes back into the
 * microphone as loud as it was, and the sound server takes it out again.
 */
export interface Room {
  /** States since the current reply began. */
  readonly states: readonly SeenState[]
  /** Turns that ended since the current reply began. */
  readonly turns: readonly TurnRecord[]
  /** Begins to say a text; settles when Jett speaks. */
  reply(text: string): Promise<void>
  /** Speaks into the microphone: Int16Array, mono, 16 kHz. Settles when the device has taken all of it. */
  speak(samples: Int16Array): Promise<void>
  /** Waits until `holds`; gives false where that takes longer than `withinMs`. */
  until(holds: () => boolean, withinMs: number): Promise<boolean>
  wait(ms: number): Promise<void>
  /** Records both devices until `stop` is called. */
  record(): Promise<{ readonly stop: () => Promise<Tapes> }>
  /** Ends whatever goes on and waits until Jett listens. */
  quiet(): Promise<void>
}

const PROGRAMS = ["pulseaudio", "pactl", "parec", "pacat"] as const
/** In which the canceller learns the room. */
const LEARNING_TEXT =
  "One moment, please. I am learning how this room sounds, so that I can hear you while I speak."
const LEARNING_MS = 8000
/** Longer than a first clause takes on a slow machine. */
const BEGIN_MS = 20_000
/** Before it has run for this long a recorder may still be connecting. */
const RECORDER_START_MS = 300
/** The last samples are still on their way through the recorder. */
const RECORDER_TAIL_MS = 150
const POLL_MS = 5
/** Carrying out a command takes a few of them; a pause that is older is another. */
const COMMAND_MS = 60

const isYielding = ({ value, detail }: Pick<SeenState, "value" | "detail">): boolean =>
  value === "speaking" && detail.startsWith("yielding")

/** Moments at which Jett fell silent for a sound, one for each time: not those at which it only knew more of it. */
export const yieldsIn = (states: readonly SeenState[]): readonly SeenState[] =>
  states.filter((state, i) => {
    const before = states[i - 1]
    return isYielding(state) && (before === undefined || !isYielding(before))
  })

export const isPlaying = (state: SeenState | undefined): boolean =>
  state?.value === "speaking" && !isYielding(state)

/** Opens a sound server of its own and the assistant on it. */
const openRoom = (config: Config) =>
  Effect.gen(function* () {
    yield* Effect.tryPromise({ try: needPrograms, catch: (missing) => missing })
    const pulse = yield* Effect.acquireRelease(
      Effect.promise(() => PulseRig.start({ echo: true, echoCancel: true })),
      (rig) => Effect.promise(() => rig.stop()),
    )
    const states: SeenState[] = []
    const turns: TurnRecord[] = []
    const sound = pulseBackend()
    let silencedMs = 0
    const system = yield* openSystem({
      config: { ...config, audio: { ...config.audio, input: pulse.microphone, output: pulse.speaker } },
      backend: {
        ...sound,
        openOutput: (wanted) =>
          Effect.map(sound.openOutput(wanted), (output) => noting(output, (atMs) => (silencedMs = atMs))),
      },
      audioClock: new AudioClock(),
      outputClock: monotonicClock,
      simulated: false,
      listens: true,
      echoCancelled: true,
      pending: new PendingWork(),
      onState: ({ value, detail }) => {
        // A state is told after its commands were carried out: Jett knew of the sound when it silenced the loudspeaker.
        const nowMs = monotonicClock.now()
        const wasJustSilenced = isYielding({ value, detail }) && nowMs - silencedMs < COMMAND_MS
        states.push({ value, detail, sinceMs: wasJustSilenced ? silencedMs : nowMs })
      },
      onTurn: (turn) => turns.push(turn),
      onNotice: () => {},
    })
    yield* system.warm
    yield* Effect.forkScoped(system.run)
    const { conversation } = system

    const until: Room["until"] = async (holds, withinMs) => {
      for (const deadline = monotonicClock.now() + withinMs; !holds(); ) {
        if (monotonicClock.now() > deadline) return false
        await sleep(POLL_MS)
      }
      return true
    }
    const quiet: Room["quiet"] = async () => {
      conversation.send({ type: "user.cancel" })
      await until(() => conversation.state().value === "listening", BEGIN_MS)
    }
    const reply: Room["reply"] = async (text) => {
      await quiet()
      states.length = 0
      turns.length = 0
      conversation.type(uuidV7(), { mode: "say", text, onText: () => {} })
      if (!(await until(() => states.some(({ value }) => value === "speaking"), BEGIN_MS)))
        throw new Error(`Jett did not speak within ${BEGIN_MS} ms; it is ${conversation.state().value}.`)
    }
    const record: Room["record"] = async () => {
      const loudspeaker = pulse.tap(pulse.speakerMonitor)
      const microphone = pulse.tap(`${pulse.microphoneSink}.monitor`)
      await sleep(RECORDER_START_MS)
      return {
        stop: async () => {
          await sleep(RECORDER_TAIL_MS)
          await Promise.all([loudspeaker.stop(), microphone.stop()])
          return {
            loudspeaker: new Tape(loudspeaker.samples, loudspeaker.originMs),
            microphone: new Tape(microphone.samples, microphone.originMs),
          }
        },
      }
    }
    const speak: Room["speak"] = (samples) => pulse.playIntoMicrophone(samples, SAMPLE_RATE_HZ)
    const room: Room = { states, turns, reply, speak, until, wait: sleep, record, quiet }
    yield* Effect.promise(async () => {
      await reply(LEARNING_TEXT)
      await until(() => turns.length > 0, LEARNING_MS)
    })
    return room
  })

/** Runs `use` in a room; the sound server and all processes have ended when the promise settles. */
export const inRoom = <A>(config: Config, signal: AbortSignal, use: (room: Room) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openRoom(config), (room) =>
        Effect.tryPromise({ try: () => use(room), catch: (e) => e }),
      ),
    ),
    { signal },
  )

/** The same output, which tells when it is asked to be silent. */
const noting = (output: AudioOutput, onFlush: (atMs: number) => void): AudioOutput => ({
  rateHz: output.rateHz,
  write: (samples) => output.write(samples),
  latencyMs: () => output.latencyMs(),
  flush: () =>
    Effect.suspend(() => {
      onFlush(monotonicClock.now())
      return output.flush()
    }),
})

const needPrograms = async (): Promise<void> => {
  const run = promisify(execFile)
  for (const program of PROGRAMS) {
    await run(program, ["--version"]).catch(() => {
      throw new Error(
        `${program} was not found: barge-in is measured on a sound server of its own. apt-get install pulseaudio pulseaudio-utils`,
      )
    })
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
