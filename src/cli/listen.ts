import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { isAtRest } from "../actors/voice/conversation-system.ts"
import { PendingWork } from "../actors/voice/pending-work.ts"
import { AudioClock } from "../audio/audio-clock.ts"
import { fileBackend } from "../audio/file.ts"
import type { Config } from "../config/definition.ts"
import { openSystem } from "../main.ts"
import type { TurnRecord } from "../ports/turn.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { usageFailure } from "./failure.ts"
import { noteTruncated } from "./note-truncated.ts"
import { switchOption, textOption } from "./options.ts"
import { paint, printable } from "./output.ts"
import { loadSettings } from "./settings.ts"
import { turnLine } from "./turn-line.ts"

/** Silence after the file before it counts as over: what was said last must be endpointed first. */
const SETTLE_MS = 1500
const POLL_MS = 100

/**
 * Runs the assistant on a WAV file, alone: it needs no daemon and disturbs none. States and turns come out as they
 * happen, with `--json` one object a line.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, signal } = context
  const wav = textOption(options, "wav")
  if (wav === undefined) throw usageFailure("name what the microphone hears: jett listen --wav FILE")
  const { config } = loadSettings(context)
  await noteTruncated(context, wav)
  const program = listen(context, config, {
    wav,
    out: textOption(options, "out"),
    realtime: switchOption(options, "realtime"),
  })
  await Effect.runPromise(Effect.scoped(program), { signal })
  return ExitCode.ok
}

interface ListenOptions {
  readonly wav: string
  readonly out: string | undefined
  readonly realtime: boolean
}

const listen = (context: CommandContext, config: Config, { wav, out, realtime }: ListenOptions) =>
  Effect.gen(function* () {
    const print = printer(context)
    const clock = new AudioClock()
    const pending = new PendingWork()
    const backend = yield* fileBackend({
      input: wav,
      outputPath: out,
      pace: realtime ? "realtime" : "clock",
      clock,
      quiescent: () => pending.quiescent(),
    })
    const system = yield* openSystem({
      config,
      backend,
      audioClock: clock,
      outputClock: clock,
      simulated: !realtime,
      listens: true,
      echoCancelled: true,
      pending,
      onState: (state) => print.state(state.value, state.atMs),
      onTurn: (turn) => print.turn(turn),
      onNotice: (message) => context.io.note(`! ${message}\n`),
    })
    yield* system.warm
    print.state(system.conversation.state().value, 0)
    const running = yield* Effect.forkChild(system.run)
    // A file that turns out to be broken ends the run before its end is reached.
    yield* Effect.raceFirst(backend.inputEnded, Fiber.join(running))
    const endedMs = clock.now()
    const stopWhenDone = (): void => {
      const resting = isAtRest(system.conversation.state().value)
      if (resting && clock.now() - endedMs >= SETTLE_MS) backend.stop()
      else clock.setTimeout(stopWhenDone, POLL_MS)
    }
    stopWhenDone()
    yield* Fiber.join(running)
  })

const printer = ({ io, json }: CommandContext) => {
  let shown: string | undefined
  return {
    state: (value: string, atMs: number): void => {
      if (value === shown) return
      shown = value
      if (json) io.out(`${JSON.stringify({ event: "state", value, atMs: Math.round(atMs) })}\n`)
      else io.note(`${paint(io.colour, "dim", seconds(atMs))} ${paint(io.colour, "cyan", value)}\n`)
    },
    turn: (turn: TurnRecord): void => {
      if (json) {
        io.out(`${JSON.stringify(turnLine(turn))}\n`)
        return
      }
      if (turn.transcript !== "") io.out(`you:  ${printable(turn.transcript)}\n`)
      if (turn.heard !== "")
        io.out(`jett: ${printable(turn.heard)}${turn.interrupted ? " (interrupted)" : ""}\n`)
    },
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2).padStart(7)} s`
