import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterEach, expect, it, onTestFinished } from "vitest"
import { RunningAssistant } from "../../src/actors/running-assistant.ts"
import { PendingWork } from "../../src/actors/voice/pending-work.ts"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { AudioError } from "../../src/audio/audio-error.ts"
import { FRAME_SAMPLES } from "../../src/audio/format.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { nullBackend } from "../../src/audio/null.ts"
import { DEFAULT_RESTART_POLICY } from "../../src/machines/supervision/restart-policy.ts"
import { openSystem } from "../../src/main.ts"
import type { AssistantEvent } from "../../src/ports/assistant.ts"
import type { AudioBackend, AudioFailure } from "../../src/ports/audio.ts"
import type { ChatEvent } from "../../src/ports/language-model.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { FakeLanguageModel, says } from "../support/fake-language-model.ts"
import { fixture, requireBuiltHost } from "../support/nasty-host.ts"
import { descendantsOf } from "../support/process-tree.ts"
import { eventually, isRunning } from "../support/processes.ts"
import { PulseRig } from "../support/pulse.ts"
import { describeWith } from "../support/require-component.ts"
import { testConfig } from "../support/voice-rig.ts"

/** The tree with real hosts, the voice over devices that the test breaks: what dies takes nothing else with it. */

/** Nothing but zeros would be an alarm. */
const hum = Int16Array.from({ length: FRAME_SAMPLES }, (_, i) => (i % 7) - 3)

/** Devices that come back, as a sound server's do, and an input that the test can break. */
const breakableBackend = () => {
  const silent = nullBackend()
  let opened = 0
  let broken = Deferred.makeUnsafe<never, AudioFailure>()
  const backend: AudioBackend = {
    ...silent,
    id: "pulse",
    openInput: (wanted) =>
      Effect.map(silent.openInput(wanted), (input) => {
        opened++
        broken = Deferred.makeUnsafe()
        const frames = Stream.map(input.frames, (frame) => ({ ...frame, samples: hum }))
        return { ...input, frames: Stream.merge(frames, Stream.fromEffect(Deferred.await(broken))) }
      }),
  }
  const breakInput = () =>
    Deferred.doneUnsafe(broken, Effect.fail(new AudioError({ message: "the cable was cut" })))
  return { backend, opened: () => opened, breakInput }
}

/** A clock of which one timer cannot be set or cleared: a bug in the conversation's machine, as far as that can tell. */
class FaultyClock extends AudioClock {
  faults = 0
  faultAtMs = 0
  override setTimeout(fn: () => void, timeoutMs: number): unknown {
    this.#fail()
    return super.setTimeout(fn, timeoutMs)
  }
  #fail(): void {
    if (this.faults === 0) return
    this.faults--
    this.faultAtMs = performance.now()
    throw new Error("a fault on purpose")
  }
}

const scopes: Scope.Closeable[] = []
afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

const open = async () => {
  requireBuiltHost()
  const scope = Scope.makeUnsafe()
  scopes.push(scope)
  const model = new FakeLanguageModel()
  const clock = new FaultyClock()
  const { backend, opened, breakInput } = breakableBackend()
  const events: AssistantEvent[] = []
  let assistant: RunningAssistant | undefined
  const system = await Effect.runPromise(
    Scope.provide(
      openSystem({
        config: testConfig(),
        backend,
        audioClock: clock,
        outputClock: monotonicClock,
        simulated: false,
        listens: true,
        echoCancelled: true,
        pending: new PendingWork(),
        languageModel: Effect.succeed(model.choice),
        hosts: { policy: { ...DEFAULT_RESTART_POLICY, intensity: 3, backoffMs: 50 } },
        onState: (state) => assistant?.entered(state),
        onTurn: (turn) => assistant?.ended(turn),
        onNotice: (message) => assistant?.noticed(message),
        onLost: () => assistant?.lost(),
      }),
      scope,
    ),
  )
  assistant = new RunningAssistant(system, () => Promise.resolve())
  assistant.events((event) => events.push(event))
  await Effect.runPromise(system.warm)
  Effect.runFork(Effect.exit(system.run))
  const ask = (text = "why is the sky blue") => assistant.ask(text, () => undefined)
  const hosts = () => Object.fromEntries(system.models.hosts().map(({ id, pid }) => [id, pid]))
  const notices = (about: RegExp) =>
    events.flatMap((event) => (event.type === "notice" && about.test(event.message) ? [event.message] : []))
  const resting = () =>
    eventually("it listens", () => system.conversation.state().value === "listening", 5000)
  return { system, assistant, model, clock, opened, breakInput, ask, hosts, notices, resting }
}

describeWith("models", "the tree", () => {
  it("starts the conversation anew when its machine fails: whoever asked is told, and the next turn works", async () => {
    const { system, assistant, model, clock, ask, hosts, notices, resting } = await open()
    const before = hosts()
    const gate = Deferred.makeUnsafe<ChatEvent>()
    model.reply = () => Stream.concat(Stream.fromEffect(Deferred.await(gate)), Stream.never)
    const outcome = ask()
    await eventually("the model writes", () => model.running === 1, 5000)
    clock.faults = 1
    Deferred.doneUnsafe(gate, Effect.succeed({ type: "text", text: "Because of the air. It" }))
    expect(await outcome).toMatchObject({ ok: false, code: "failed" })
    expect(performance.now() - clock.faultAtMs).toBeLessThan(1000)
    await resting()
    await eventually("the model writes no more", () => model.running === 0, 1000)
    expect(notices(/voice was started anew/)).toHaveLength(1)
    expect(assistant.status().state).toBe("listening")
    // Nothing holds what the turn held.
    expect(system.residency()?.rows.every(({ leases }) => leases <= 1)).toBe(true)

    model.reply = () => says("Because of the air.")
    expect(await ask()).toMatchObject({ ok: true, reply: "Because of the air." })
    expect(hosts()).toEqual(before)
    const heardMs = clock.now()
    await eventually("it hears on", () => clock.now() > heardMs + 200, 5000)
  })

  it("stays muted when the conversation is started anew", async () => {
    const { system, assistant, breakInput, opened } = await open()
    assistant.mute()
    expect(assistant.status()).toMatchObject({ state: "muted", muted: true })
    breakInput()
    await eventually(
      "it is up again",
      () => opened() === 2 && system.conversation.state().value !== "away",
      5000,
    )
    expect(assistant.status()).toMatchObject({ state: "muted", muted: true })
    assistant.unmute()
    expect(assistant.status()).toMatchObject({ state: "listening", muted: false })
  })

  it("opens the devices anew when the input breaks, and time goes on; the models stay", async () => {
    const { clock, model, ask, hosts, notices, opened, breakInput, resting } = await open()
    const before = hosts()
    await eventually("it has heard something", () => clock.now() > 500, 5000)
    const brokeMs = clock.now()
    breakInput()
    await eventually("the input is open again", () => opened() === 2, 5000)
    await resting()
    await eventually("time goes on", () => clock.now() > brokeMs + 200, 2000)
    model.reply = () => says("Because of the air.")
    expect(await ask()).toMatchObject({ ok: true })
    expect(hosts()).toEqual(before)
    expect(notices(/devices were opened anew.*cable was cut/)).toHaveLength(1)
  })

  it("lets a host go that always dies, says so once, and answers with what is left", async () => {
    const { system, assistant, ask, hosts, notices } = await open()
    const { tts: _, ...others } = hosts()
    const row = () => system.models.hosts().find(({ id }) => id === "tts")
    const killing = setInterval(() => {
      const pid = row()?.pid
      if (pid !== undefined && isRunning(pid)) process.kill(pid, "SIGKILL")
    }, 20)
    await eventually("its breaker opens", () => row()?.phase === "broken", 20_000)
    clearInterval(killing)
    await eventually(
      "the voice is known to be away",
      () => system.conversation.degraded().includes("tts"),
      2000,
    )
    expect(assistant.status().parts).toContainEqual({ id: "tts", state: "failed" })
    expect(notices(/"tts" ended again and again/)).toHaveLength(1)
    expect(await ask()).toMatchObject({ ok: true, reply: "Very well." })
    const { tts: __, ...left } = hosts()
    expect(left).toEqual(others)
  })

  it("leaves no process when it is closed", async () => {
    const { hosts } = await open()
    const pids = Object.values(hosts()).flatMap((pid) => pid ?? [])
    expect(pids.length).toBeGreaterThanOrEqual(3)
    for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
    expect(pids.filter(isRunning)).toEqual([])
  })
})

describeWith(["models", "pulse"], "the root of jett serve", () => {
  it("gives up with 70 where the voice always fails, having said once that it is started anew; nothing is left", async () => {
    const room = await PulseRig.start()
    onTestFinished(() => room.stop())
    const home = mkdtempSync(join(tmpdir(), "jt-"))
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const pulse = Object.entries(process.env).flatMap(([name, value = ""]) =>
      name.startsWith("PULSE_") ? [[name, value] as const] : [],
    )
    const env = {
      ...Object.fromEntries(pulse),
      NODE_OPTIONS: `--import=${pathToFileURL(fixture("failing-voice.mjs"))}`,
    }
    const devices = [`audio.input=${room.microphone}`, `audio.output=${room.speaker}`]
    const sets = ["audio.backend=pulse", ...devices].flatMap((set) => ["--set", set])
    const command = new BuiltCommand(home, ["serve", ...sets], env)
    const seen = new Set<number>()
    const watching = setInterval(() => {
      for (const pid of descendantsOf(command.pid)) seen.add(pid)
    }, 25)
    onTestFinished(() => {
      clearInterval(watching)
      command.child.kill("SIGKILL")
    })
    const { exitCode, err } = await command.finished
    expect({ exitCode, err }).toMatchObject({
      exitCode: 70,
      err: expect.stringMatching(/gave up: .*root.*\n.*stopping/s),
    })
    expect(err.match(/The sound devices were opened anew: the cable was cut/g)).toHaveLength(1)
    expect(err).not.toMatch(/loudspeaker is away/)
    expect(seen.size).toBeGreaterThan(10)
    expect([...seen].filter(isRunning)).toEqual([])
  })
})
