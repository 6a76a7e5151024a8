import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AssistantSystem, AssistantSystemOptions } from "../src/actors/assistant-system.ts"
import { isAtRest } from "../src/actors/voice/conversation-system.ts"
import { PendingWork } from "../src/actors/voice/pending-work.ts"
import { AudioClock } from "../src/audio/audio-clock.ts"
import { fileBackend } from "../src/audio/file.ts"
import { samplesToMs } from "../src/audio/format.ts"
import { firstAudible } from "../src/audio/level.ts"
import { monotonicClock } from "../src/audio/monotonic-clock.ts"
import { OutputTimeline } from "../src/audio/output-timeline.ts"
import { SpokenScript } from "../src/audio/spoken-script.ts"
import type { Config } from "../src/config/definition.ts"
import { openSystem } from "../src/main.ts"
import type { AudioOutput } from "../src/ports/audio.ts"
import type { Clock } from "../src/ports/clock.ts"
import type { TurnRecord } from "../src/ports/turn.ts"
import type { Recording } from "./corpus/record.ts"

export interface RigOptions
  extends Partial<Pick<AssistantSystemOptions, "hosts" | "onReport" | "onModel" | "onState">> {
  readonly config: Config
  /** `realtime` to measure time; `clock`: the same decisions as fast as the models allow. */
  readonly pace: "realtime" | "clock"
}

/** What came of one recording that was spoken to Jett. */
export interface Spoken {
  /** Where its first sample lies on the audio clock, in ms. */
  readonly startMs: number
  /** From there to the end of the labelled speech. */
  readonly labelledMs: number
  /** End of the labelled speech in the rig's time (monotonic, or audio with pace `clock`), in ms. */
  readonly endOfSpeechMs: number
  /** Moments at which audible sound left the speaker since the recording began, in the rig's time. */
  readonly audibleMs: readonly number[]
  readonly turns: readonly TurnRecord[]
}

/** A whole assistant with real models, a microphone that recordings are spoken into and a speaker that is watched. */
export interface Rig {
  readonly system: AssistantSystem
  /** Speaks a recording and waits until nothing more comes of it. */
  speak(
    recording: Recording,
    options?: { readonly cutReplyAfterMs?: number; readonly settledMs?: number },
  ): Promise<Spoken>
  /** Waits on the audio clock. */
  wait(ms: number): Promise<void>
  /** Every turn that ended since the last recording began, typed ones too. */
  turns(): readonly TurnRecord[]
}

/** Silence after the last word, or after the reply, in which nothing more may happen before a turn counts as over. */
const SETTLED_MS = 1500
/** Longer than any deadline of a turn that goes well. */
const GIVE_UP_MS = 60_000
const POLL_MS = 32

/** Opens the assistant as `jett listen` does, only that it speaks to a sound card that plays in real time. */
const openRig = ({ config, pace, hosts, onReport, onModel, onState = () => {} }: RigOptions) =>
  Effect.gen(function* () {
    const script = new SpokenScript()
    const clock = new AudioClock()
    const pending = new PendingWork()
    const pacing = rememberFirstLook(monotonicClock)
    const microphone = yield* fileBackend({
      input: script,
      pace,
      clock,
      quiescent: () => pending.quiescent(),
      monotonic: pacing.clock,
    })
    const time = pace === "realtime" ? monotonicClock : clock
    const audible: number[] = []
    const turns: TurnRecord[] = []
    const system = yield* openSystem({
      config,
      backend: { ...microphone, openOutput: ({ rateHz }) => watchedSpeaker(rateHz, time, audible) },
      audioClock: clock,
      outputClock: time,
      simulated: pace === "clock",
      listens: true,
      echoCancelled: true,
      pending,
      hosts,
      onReport,
      onModel,
      onState,
      onTurn: (turn) => turns.push(turn),
      onNotice: () => {},
    })
    yield* system.warm
    yield* Effect.forkScoped(system.run)
    yield* Effect.addFinalizer(() => Effect.sync(() => microphone.stop()))

    const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms))
    const isResting = () => isAtRest(system.conversation.state().value)

    /**
     * A moment of the audio clock in the rig's time. Exact, with no estimate in it: the microphone gives the frame that
     * ends at audio time t out at `origin + t`, and `origin` is what its pacing read when it gave out the first one. So
     * a sample at audio time t was "in the air" at `origin + t`, and that a frame reaches Jett only when its last sample
     * was spoken counts as Jett's own delay, as it does with a real microphone.
     */
    const inRigTime = (audioMs: number) => (pace === "realtime" ? pacing.firstLookMs() + audioMs : audioMs)

    const speak: Rig["speak"] = async (
      { samples, label },
      { cutReplyAfterMs, settledMs = SETTLED_MS } = {},
    ) => {
      turns.length = 0
      const { startMs, endMs } = await script.say(samples, () => {
        audible.length = 0
      })
      const labelledMs = samplesToMs(label.lastVoicedSample + 1)
      const endOfSpeechMs = inRigTime(startMs + labelledMs)
      const cutAfterMs = cutReplyAfterMs ?? Number.POSITIVE_INFINITY
      let restingSinceMs = clock.now()
      for (;;) {
        await wait(POLL_MS)
        const now = clock.now()
        if (!isResting()) restingSinceMs = now
        if (now - restingSinceMs >= settledMs) break
        const heardAt = audible.find((at) => at > endOfSpeechMs)
        const tooLong = heardAt !== undefined && time.now() - heardAt > cutAfterMs
        if (tooLong || now - endMs > GIVE_UP_MS) system.conversation.send({ type: "user.cancel" })
      }
      return { startMs, labelledMs, endOfSpeechMs, audibleMs: [...audible], turns: [...turns] }
    }
    const rig: Rig = { system, speak, wait, turns: () => [...turns] }
    return rig
  })

/** Runs `use` with a rig; all of its processes have ended when the promise settles. */
export const withRig = <A>(
  options: RigOptions,
  signal: AbortSignal,
  use: (rig: Rig) => Promise<A>,
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openRig(options), (rig) => Effect.tryPromise({ try: () => use(rig), catch: (e) => e })),
    ),
    { signal },
  )

/** The first sample above −50 dBFS after the end of speech, in ms from it; undefined where Jett said nothing. */
export const answerDelayMs = ({ endOfSpeechMs, audibleMs }: Spoken): number | undefined => {
  const first = audibleMs.find((at) => at > endOfSpeechMs)
  return first === undefined ? undefined : first - endOfSpeechMs
}

/** A clock that remembers what it said first. */
const rememberFirstLook = (clock: Clock): { readonly clock: Clock; firstLookMs(): number } => {
  let first: number | undefined
  return {
    clock: {
      now: () => {
        const now = clock.now()
        first ??= now
        return now
      },
      setTimeout: (fn, timeoutMs) => clock.setTimeout(fn, timeoutMs),
      clearTimeout: (timer) => clock.clearTimeout(timer),
    },
    firstLookMs: () => first ?? Number.NaN,
  }
}

/**
 * A sound card without a sound: what is handed over is played one after the other in the time of `clock`, and it adds
 * nothing of its own to that. Notes when each piece that can be heard leaves it.
 */
const watchedSpeaker = (
  rateHz: number,
  clock: Clock,
  audibleMs: number[],
): Effect.Effect<AudioOutput, never, Scope.Scope> =>
  Effect.sync(() => {
    const timeline = new OutputTimeline(rateHz, () => clock.now())
    return {
      rateHz,
      latencyMs: () => timeline.latencyMs(),
      flush: () => timeline.flush(),
      write: (samples) =>
        Effect.suspend(() => {
          const first = firstAudible(samples)
          if (first >= 0) audibleMs.push(clock.now() + timeline.latencyMs() + samplesToMs(first, rateHz))
          return timeline.write(samples)
        }),
    }
  })
