import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AudioFailure } from "../../ports/audio.ts"
import type { Child } from "../../ports/child.ts"
import { type ResourceHandle, resourceChild } from "../supervision/resource-child.ts"
import { openAssistantAudio } from "./assistant-audio.ts"
import type { Conversation } from "./conversation-system.ts"
import { type Devices, isLive, type MissingDevice } from "./open-devices.ts"
import { openVoice, type VoiceOptions } from "./open-voice.ts"

/** The voice's branch of the tree, and the conversation as those outside of the tree know it. */
export interface StandingVoice {
  /** To be supervised, in this order. */
  readonly audio: Child<ResourceHandle<Devices>>
  readonly child: Child<ResourceHandle<Conversation>>
  /** The one that is up; while none is, one that takes nothing. */
  readonly conversation: Conversation
  missing(): readonly MissingDevice[]
  /** Why the devices could not be opened. */
  openFailure(): AudioFailure | undefined
  /** Nothing is listened to before it is completed. */
  readonly listen: Deferred.Deferred<void>
  /** Completes with the end of the input. */
  readonly ended: Deferred.Deferred<void, { readonly message: string }>
}

/** The devices and the conversation over them; each can be started again and again. */
export const standingVoice = (options: VoiceOptions): StandingVoice => {
  const listen = Deferred.makeUnsafe<void>()
  const ended = Deferred.makeUnsafe<void, { readonly message: string }>()
  let devices: Devices | undefined
  let broken = Deferred.makeUnsafe<never, { readonly message: string }>()
  let conversation: Conversation | undefined
  /** Survives the conversation that was told: whoever mutes Jett must not be heard because something broke. */
  let muted = false
  let openFailure: AudioFailure | undefined

  const openAudio = openAssistantAudio(options).pipe(
    Effect.tap((opened) =>
      Effect.sync(() => {
        devices = opened
        broken = Deferred.makeUnsafe()
      }),
    ),
    Effect.tapError((failure) =>
      Effect.sync(() => {
        openFailure = failure
      }),
    ),
  )
  const open = Effect.suspend(() =>
    devices === undefined ? Effect.die(new Error("the audio starts before it")) : openVoice(options, devices),
  ).pipe(
    Effect.tap((opened) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          conversation = opened
          if (muted) opened.send({ type: "user.mute" })
          for (const part of options.partsDown()) opened.send({ type: "part.down", part })
        }),
        () =>
          Effect.sync(() => {
            muted = opened.muted
            if (conversation === opened) conversation = undefined
            options.onLost()
          }),
      ),
    ),
  )
  /** An input that failed is of no use to the next conversation either: its owner opens it anew, and ends this one. */
  const inputBroken = <A>(run: Effect.Effect<A, AudioFailure>) =>
    Effect.catch(run, (failure) => Effect.andThen(Deferred.fail(broken, failure), Effect.never))
  /** An input that ended by itself is the end of it all; one that failed is, where nobody brings it back. */
  const work = ({ run, crashed }: Conversation) =>
    Deferred.await(listen).pipe(
      Effect.andThen(Effect.raceFirst(isLive(options.backend) ? inputBroken(run) : run, crashed)),
      Effect.onExit((exit) =>
        Exit.isSuccess(exit) || (!isLive(options.backend) && !Cause.hasInterruptsOnly(exit.cause))
          ? Deferred.done(ended, exit)
          : Effect.void,
      ),
    )
  const away: Conversation = {
    ...noConversation,
    get muted() {
      return muted
    },
    send: ({ type }) => {
      if (type === "user.mute") muted = true
      if (type === "user.unmute") muted = false
    },
  }
  return {
    audio: resourceChild({ id: "audio", acquire: openAudio, work: () => Deferred.await(broken) }),
    child: resourceChild({ id: "conversation", acquire: open, work }),
    get conversation() {
      return conversation ?? away
    },
    missing: () => devices?.missing ?? [],
    openFailure: () => openFailure,
    listen,
    ended,
  }
}

/** Stands in while the conversation is being started again. */
const noConversation: Omit<Conversation, "muted" | "send"> = {
  state: () => ({ value: "away", detail: "", atMs: 0 }),
  degraded: () => [],
  pushToTalk: () => false,
  type: () => false,
  hearing: { inSpeech: false, droppedFrames: 0, sound: () => new Int16Array(0), voicedMs: () => 0 },
  run: Effect.never,
  crashed: Effect.never,
}
