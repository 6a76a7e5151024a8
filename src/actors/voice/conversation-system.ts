import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type ActorRefFrom, createActor, type StateValue } from "xstate"
import { type PlaybackEvent, PlaybackQueue } from "../../audio/playback.ts"
import { tone } from "../../audio/tone.ts"
import { conversationMachine } from "../../machines/conversation/conversation.ts"
import type {
  AnswerInput,
  ConsentJudged,
  ConversationEvent,
  ConversationSettings,
  HealthEvent,
  HearingEvent,
  Part,
  TurnEvent,
  UserEvent,
} from "../../machines/conversation/conversation-types.ts"
import type { AudioFailure, AudioInput, AudioOutput } from "../../ports/audio.ts"
import type { Clock } from "../../ports/clock.ts"
import type { Consent } from "../../ports/consent.ts"
import type { TurnRecord } from "../../ports/turn.ts"
import { fromStream } from "../bridge.ts"
import type { AnswerServices, TypedTurn } from "../turn/answer-services.ts"
import { answerTurn } from "../turn/answer-turn.ts"
import { Commitments } from "../turn/commitments.ts"
import { judgeConsent } from "../turn/judge-consent.ts"
import { TurnLedger } from "../turn/turn-ledger.ts"
import { obey } from "./conversation-commands.ts"
import { Hearing, type HearingOptions } from "./hearing.ts"
import { QueuePlayer } from "./player.ts"
import { watchSpeaker } from "./speaker-health.ts"
import { SpeechOutput } from "./speech-output.ts"
import type { Volume } from "./volume.ts"

/** A dialogue state as it is entered: `value` is the law's name of it, `detail` where inside of it. */
export interface StateEntered {
  readonly value: string
  readonly detail: string
  readonly atMs: number
}

/** A short, quiet note at the wake word. */
const CHIME = { frequencyHz: 880, durationMs: 120, levelDbfs: -24 }

/** Whether no turn is in hand in the dialogue state of this name. */
export const isAtRest = (state: string): boolean => state === "listening" || state === "muted"

export interface ConversationOptions {
  readonly settings: ConversationSettings
  readonly echoCancelled: boolean
  readonly chime: boolean
  readonly input: AudioInput
  readonly output: AudioOutput
  /** The clock that the output device runs by. */
  readonly outputClock: Clock
  readonly hearing: Omit<HearingOptions, "onEvent">
  readonly answering: Omit<
    AnswerServices,
    "hearing" | "output" | "outputRateHz" | "ledger" | "typed" | "committed" | "withdrawConsent" | "onPart"
  >
  readonly consent: Consent
  readonly volume: Volume
  /** Called at the wake word: load what the turn will need. */
  readonly prepareModels: (turnId: string) => void
  readonly onState: (state: StateEntered) => void
  readonly onTurn: (turn: TurnRecord) => void
  readonly onNotice: (message: string) => void
}

export interface Conversation {
  /** The dialogue's state now. */
  state(): StateEntered
  /** The parts that are away. */
  degraded(): readonly Part[]
  readonly muted: boolean
  send(event: UserEvent | HealthEvent): void
  /** Listens as if the wake word had been said; false when the conversation is busy with another turn. */
  pushToTalk(turnId: string): boolean
  /** Starts a typed turn; false when the conversation is busy with another. */
  type(turnId: string, turn: TypedTurn): boolean
  readonly hearing: Pick<Hearing, "inSpeech" | "droppedFrames" | "sound" | "voicedMs">
  /** Runs until the input ends or fails. */
  readonly run: Effect.Effect<void, AudioFailure>
  /** Fails when the machine did, which is a bug. */
  readonly crashed: Effect.Effect<never, { readonly message: string }>
}

/**
 * The voice: hearing, the conversation machine on the audio clock and the speaker, joined. The machine's commands become
 * calls and what comes of them becomes events; nothing here decides.
 */
export const openConversation = (
  options: ConversationOptions,
): Effect.Effect<Conversation, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { answering, consent, output: device, settings } = options
    const { clock, timebase } = options.hearing
    const ledger = new TurnLedger()
    const commitments = new Commitments()
    const typed = new Map<string, TypedTurn>()
    /** What ends while everything is being stopped has nobody left to tell. */
    const send = (event: ConversationEvent): void => {
      if (actor.getSnapshot().status === "active") actor.send(event)
    }

    const noteSpeaker = watchSpeaker({
      now: () => options.outputClock.now(),
      onAway: (message) => {
        options.onNotice(message)
        send({ type: "part.down", part: "speaker" })
      },
      onBack: () => send({ type: "part.up", part: "speaker" }),
    })
    const onPlayback = (event: PlaybackEvent): void => {
      noteSpeaker(event)
      if (event.type === "clip-finished") output.clipFinished(event.clipId)
      if (event.type === "failed") send({ type: "speaker.stalled" })
      if (event.type !== "first-audible") return
      const owner = output.ownerOf(event.clipId)
      if (owner?.first)
        ledger.mark(owner.key, { audible: { atMs: timebase.now(), latencyMs: event.latencyMs } })
    }
    const queue = yield* PlaybackQueue.open({
      output: device,
      clock: options.outputClock,
      onEvent: onPlayback,
    })
    queue.volume = options.volume.gain
    options.volume.onChange((gain) => {
      queue.volume = gain
    })
    const player = new QueuePlayer(queue, options.onNotice)
    const output = new SpeechOutput(player, (key) =>
      send({ type: "speaker.drained", ...key, nowMs: clock.now() }),
    )

    const onHeard = (event: HearingEvent): void => {
      if (event.type === "wake.detected")
        ledger.noteWake(event.turnId, { score: event.score, atMs: event.atMs })
      send(event)
    }
    const hearing = new Hearing({ ...options.hearing, onEvent: onHeard })
    const services: AnswerServices = {
      ...answering,
      hearing,
      output,
      outputRateHz: device.rateHz,
      ledger,
      typed: (turnId) => typed.get(turnId),
      committed: (key) => commitments.wait(key),
      withdrawConsent: (consentId) => consent.withdraw(consentId),
      onPart: (part, up) => send({ type: up ? "part.up" : "part.down", part }),
    }
    const echoSuspect = (): boolean => output.isPlaying && !actor.getSnapshot().context.echoCancelled
    const judge = judgeConsent({ ...services, consent, echoSuspect })
    // Noticed is when the machine gets it: what is left of a silence is counted from there, and a frame may have passed
    // since the event was made, by which the turn would end later.
    const noticedNow = <Event extends TurnEvent | ConsentJudged>(event: Event): Event =>
      "nowMs" in event ? { ...event, nowMs: clock.now() } : event
    // A machine that failed does not stop what it invoked.
    const over = Deferred.makeUnsafe<void>()
    const answer = (input: AnswerInput) =>
      Stream.interruptWhen(answerTurn(services)(input), Deferred.await(over))
    const actor = createActor(
      conversationMachine.provide({
        actors: { answerTurn: fromStream(answer, noticedNow), judgeConsent: fromStream(judge, noticedNow) },
      }),
      { clock, input: { settings, echoCancelled: options.echoCancelled } },
    )

    ledger.onClosed((turn) => {
      typed.delete(turn.id)
      answering.history.add(turn)
      options.onTurn(turn)
    })
    const chime = options.chime ? tone({ ...CHIME, rateHz: device.rateHz }) : undefined
    const obeyCommand = obey({
      output,
      ledger,
      commitments,
      timebase,
      prepareModels: options.prepareModels,
      acknowledge: () => chime && player.enqueue("chime", chime.samples),
      dropConsent: (consentId) => Effect.runFork(consent.withdraw(consentId)),
    })
    actor.on("*", obeyCommand)
    const crashed = Deferred.makeUnsafe<never, { readonly message: string }>()
    watchStates(actor, clock, {
      onState: (state) => {
        hearing.resting = isAtRest(state.value)
        options.onState(state)
      },
      onError: (error) => {
        const message = `the conversation broke: ${error instanceof Error ? error.name : typeof error}`
        Deferred.doneUnsafe(over, Effect.void)
        Deferred.doneUnsafe(crashed, Effect.fail({ message }))
      },
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => actor.start()),
      () => Effect.sync(() => actor.stop()),
    )
    return {
      state: () => stateOf(actor.getSnapshot().value.dialogue, clock.now()),
      degraded: () => actor.getSnapshot().context.down,
      get muted() {
        return actor.getSnapshot().context.muted
      },
      send,
      pushToTalk: (turnId) => {
        const event = { type: "user.ptt", turnId, inSpeech: hearing.inSpeech, nowMs: clock.now() } as const
        if (!actor.getSnapshot().can(event)) return false
        send(event)
        return true
      },
      type: (turnId, turn) => {
        const event = { type: "user.text", turnId } as const
        if (!actor.getSnapshot().can(event)) return false
        typed.set(turnId, turn)
        send(event)
        return true
      },
      hearing,
      run: hearing.run(options.input),
      crashed: Deferred.await(crashed),
    }
  })

type ConversationActor = ActorRefFrom<typeof conversationMachine>

/** Tells each dialogue state as it is entered, and an error of the machine, which is a bug. */
const watchStates = (
  actor: ConversationActor,
  clock: Clock,
  { onState, onError }: { onState(state: StateEntered): void; onError(error: unknown): void },
): void => {
  let last = ""
  actor.subscribe({
    next: (snapshot) => {
      const state = stateOf(snapshot.value.dialogue, clock.now())
      const path = `${state.value}.${state.detail}`
      if (path === last) return
      last = path
      onState(state)
    },
    error: onError,
  })
}

const stateOf = (dialogue: StateValue, atMs: number): StateEntered => {
  const [value = "", ...inner] = pathOf(dialogue)
  return { value, detail: inner.join("."), atMs }
}

const pathOf = (value: StateValue | undefined): readonly string[] => {
  if (value === undefined) return []
  if (typeof value === "string") return [value]
  const [entry] = Object.entries(value)
  return entry === undefined ? [] : [entry[0], ...pathOf(entry[1])]
}
