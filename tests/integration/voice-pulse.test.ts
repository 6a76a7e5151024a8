import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { StateEntered } from "../../src/actors/voice/conversation-system.ts"
import { PendingWork } from "../../src/actors/voice/pending-work.ts"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { pulseBackend } from "../../src/audio/pulse.ts"
import { openSystem } from "../../src/main.ts"
import type { TurnRecord } from "../../src/ports/turn.ts"
import { FakeLanguageModel, says } from "../support/fake-language-model.ts"
import { expectHeard } from "../support/heard-speech.ts"
import { requireBuiltHost } from "../support/nasty-host.ts"
import { PulseRig } from "../support/pulse.ts"
import { describeWith } from "../support/require-component.ts"
import { joined, silence, spoken } from "../support/speech-samples.ts"
import { testConfig } from "../support/voice-rig.ts"

/** Sound in real time: on a machine that is busy enough the sound server itself drops out. */
const REAL_TIME = { retry: 2 }

const RATE_HZ = 16_000

const STORY =
  "Once upon a time there was a small boat, and it lay in the harbour. " +
  "Every morning the fisherman came down to the water and looked at the sky. " +
  "Then one day the wind turned, and the boat went out to sea by itself. " +
  "Nobody in the village ever saw it again, though many people looked for it."

/**
 * The assistant as it runs on a desktop, in a room: what the loudspeaker gives out comes back into the microphone, and
 * the sound server takes it out again.
 */
describeWith(["models", "pulse"], "the assistant on a sound server, in a room that echoes", () => {
  const model = new FakeLanguageModel(() => says(STORY))
  const scope = Scope.makeUnsafe()
  const states: StateEntered[] = []
  const turns: TurnRecord[] = []
  let room: PulseRig
  let system: AssistantSystem

  beforeAll(async () => {
    requireBuiltHost()
    room = await PulseRig.start({ echo: true, echoCancel: true })
    const program = openSystem({
      config: testConfig({ "audio.input": room.microphone, "audio.output": room.speaker }),
      backend: pulseBackend(),
      audioClock: new AudioClock(),
      outputClock: monotonicClock,
      simulated: false,
      listens: true,
      echoCancelled: true,
      pending: new PendingWork(),
      languageModel: Effect.succeed(model.choice),
      onState: (state) => states.push(state),
      onTurn: (turn) => turns.push(turn),
      onNotice: () => {},
    })
    system = await Effect.runPromise(Scope.provide(program, scope))
    await Effect.runPromise(system.warm)
    Effect.runFork(system.run)
    // The canceller learns the room.
    await new Promise((resolve) => setTimeout(resolve, 1500))
  })
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await room?.stop()
  })

  const until = async (what: string, holds: () => boolean, withinMs = 20_000) => {
    for (const deadline = performance.now() + withinMs; !holds(); ) {
      if (performance.now() > deadline) throw new Error(`"${what}" did not happen within ${withinMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  const isIn = (value: string) => system.conversation.state().value === value
  const nextTurn = async () => {
    const before = turns.length
    await until("a turn ends", () => turns.length > before, 30_000)
    const turn = turns[before]
    if (turn === undefined) throw new Error("unreachable")
    return turn
  }
  const speak = (line: Int16Array) => room.playIntoMicrophone(joined(line, silence(0.2)), RATE_HZ)
  const transcribed = async (samples: Int16Array) =>
    (await Effect.runPromise(system.models.stt.transcribe(samples))).text

  it("hears a question from the microphone and answers it on the loudspeaker", REAL_TIME, async () => {
    system.conversation.send({ type: "user.cancel" })
    const loudspeaker = room.tap()
    const ended = nextTurn()
    await speak(spoken("capabilities"))
    const turn = await ended
    await new Promise((resolve) => setTimeout(resolve, 300))
    const heard = loudspeaker.samples
    await loudspeaker.stop()
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase", interrupted: false })
    expect(turn.transcript).toMatch(/what can you do/i)
    expect(turn.heard).toBe(turn.reply)
    expectHeard(await transcribed(heard), turn.reply)
  })

  it("does not interrupt itself, and is interrupted by the user", REAL_TIME, async () => {
    system.conversation.send({ type: "user.cancel" })
    await until("it listens", () => isIn("listening"))
    const from = turns.length
    await speak(spoken("story"))
    await until("Jett speaks", () => isIn("speaking"))
    const begun = states.length
    await new Promise((resolve) => setTimeout(resolve, 5000))
    expect(states.slice(begun).map(({ detail }) => detail)).toEqual([])

    const loudspeaker = room.tap()
    const microphone = room.tap(room.microphone)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const interrupted = nextTurn()
    const saying = speak(spoken("bargeIn"))
    await until("Jett yields", () => states.slice(begun).some(({ detail }) => detail.startsWith("yielding")))
    const detectedMs = performance.now()
    const story = await interrupted
    // Between the silence and the answer to the interruption.
    const silenced = loudspeaker.loudBetween()
    const onset = microphone.loudBetween(1500)
    await saying
    await loudspeaker.stop()
    await microphone.stop()

    expect(story).toMatchObject({ outcome: "interrupted" })
    expect(STORY.startsWith(story.reply)).toBe(true)
    expect(story.reply.startsWith(story.heard)).toBe(true)
    expect(story.heard).toMatch(/^Once upon a time/)
    expect(story.heard.length).toBeLessThan(story.reply.length)
    const afterDetection = (silenced?.lastMs ?? 0) - detectedMs
    const afterOnset = (silenced?.lastMs ?? 0) - (onset?.firstMs ?? 0)
    console.log(
      `silent ${afterDetection.toFixed(0)} ms after detection, ${afterOnset.toFixed(0)} ms after onset`,
    )
    expect(afterDetection).toBeLessThanOrEqual(150)
    expect(afterOnset).toBeLessThan(1000)

    await until("the interruption is answered", () => turns.length > from + 1)
    expect(turns[from + 1]).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(turns[from + 1]?.transcript).toMatch(/what day is it/i)
  })
})
