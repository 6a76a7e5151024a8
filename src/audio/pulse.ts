import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioBackend } from "../ports/audio.ts"
import type { Clock } from "../ports/clock.ts"
import { AudioProcess } from "./audio-process.ts"
import { SAMPLE_RATE_HZ } from "./format.ts"
import { type Capture, type LiveInput, openLiveInput } from "./live-input.ts"
import { monotonicClock } from "./monotonic-clock.ts"
import { findDevice, listDevices, listRecordings, listSources } from "./pulse-control.ts"
import { openPulseOutput } from "./pulse-output.ts"
import { streamArguments } from "./pulse-stream.ts"

/** Buffers below the server's defaults of 2 s, with which recordings come in lumps. */
const RECORD_LATENCY_MS = 20
const EVENT_SETTLE_MS = 100
const RESUBSCRIBE_MS = 5000
/**
 * pactl ignores a broken pipe, so by itself it would outlive us where we are killed: a reader beside it, in its process
 * group, ends when our end of its standard input is gone, and takes it along.
 */
const SUBSCRIBE = "exec 3<&0; { read _ <&3; kill -9 0; } >/dev/null & exec pactl subscribe </dev/null 3<&-"

class PulseCapture implements Capture {
  readonly process: AudioProcess

  constructor(process: AudioProcess) {
    this.process = process
  }

  get gone(): Promise<void> {
    return this.process.gone
  }

  /** The reason is still reported: a replaced recording is a vanished one that comes back. */
  kill(): void {
    this.process.child.kill("SIGKILL")
  }
}

/** PulseAudio, or PipeWire's layer for it, through its own tools: parec, pacat and pactl. */
export const pulseBackend = (clock: Clock = monotonicClock): AudioBackend => ({
  id: "pulse",
  devices: listDevices,
  openInput: ({ device }) =>
    Effect.gen(function* () {
      const name = yield* findDevice("input", device)
      const input = yield* openLiveInput({
        device: name,
        clock,
        spawn: ({ onBytes, onExit }) => {
          const target = device === undefined ? [] : [`--device=${device}`]
          const parec = new AudioProcess(
            "parec",
            [...target, ...streamArguments(SAMPLE_RATE_HZ, RECORD_LATENCY_MS, "hearing")],
            ["ignore", "pipe", "pipe"],
            onExit,
          )
          parec.child.stdout?.on("data", (bytes: Buffer) => onBytes(bytes, SAMPLE_RATE_HZ))
          return new PulseCapture(parec)
        },
      })
      yield* watchServer(input, device, clock)
      return input
    }),
  openOutput: ({ device, rateHz }) =>
    Effect.gen(function* () {
      yield* findDevice("output", device)
      return yield* openPulseOutput({ device, rateHz, clock })
    }),
})

/** Follows the server's own news of our recording: muted or not, and moved to which device. */
const watchServer = (
  input: LiveInput,
  wanted: string | undefined,
  clock: Clock,
): Effect.Effect<void, never, Scope> =>
  Effect.gen(function* () {
    let muted = false
    let current: string | undefined
    let displaced = false
    let timer: unknown
    let closed = false
    let subscription: AudioProcess | undefined

    const look = Effect.gen(function* () {
      const [recordings, sources] = yield* Effect.all([listRecordings, listSources])
      const pid = pidOf(input.capture())
      const ours = recordings.find(
        (one) => pid !== undefined && String(one.properties["application.process.id"]) === String(pid),
      )
      const source = sources.find((one) => one.index === ours?.source)
      if (ours === undefined || source === undefined) return
      const nowMuted = source.mute || ours.mute
      if (nowMuted !== muted) input.report(nowMuted ? { type: "muted" } : { type: "recovered" })
      muted = nowMuted
      const moved = current !== undefined && current !== source.name
      current = source.name
      const wantedIsThere = sources.some((one) => one.name === wanted)
      if (moved && wanted !== undefined && !wantedIsThere)
        input.report({ type: "vanished", reason: `${wanted} is away; listening on ${source.name} meanwhile` })
      if (moved) input.report({ type: "open", device: source.name })
      // The server moves a recording away from a device that is unplugged, but not back. Where a person has moved it,
      // it stays.
      if (moved) displaced = !wantedIsThere
      if (displaced && wantedIsThere && source.name !== wanted) input.reopen()
    })

    const lookSoon = () => {
      if (closed) return
      clock.clearTimeout(timer)
      timer = clock.setTimeout(() => Effect.runFork(Effect.ignore(look)), EVENT_SETTLE_MS)
    }
    const subscribe = () => {
      if (closed) return
      subscription = new AudioProcess("/bin/sh", ["-c", SUBSCRIBE], ["pipe", "pipe", "ignore"], () => {
        if (!closed) clock.setTimeout(subscribe, RESUBSCRIBE_MS)
      })
      subscription.child.stdout?.on("data", (bytes: Buffer) => {
        if (/ on (source|source-output|server) ?#?/.test(bytes.toString("utf8"))) lookSoon()
      })
      lookSoon()
    }
    subscribe()
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        closed = true
        clock.clearTimeout(timer)
        subscription?.kill()
        await subscription?.gone
      }),
    )
  })

const pidOf = (capture: Capture | undefined): number | undefined =>
  capture instanceof PulseCapture ? capture.process.child.pid : undefined
