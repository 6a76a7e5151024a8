import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { StateEntered } from "../../src/actors/voice/conversation-system.ts"
import { PendingWork } from "../../src/actors/voice/pending-work.ts"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { fileBackend } from "../../src/audio/file.ts"
import { SpokenScript } from "../../src/audio/spoken-script.ts"
import type { Config } from "../../src/config/definition.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { openSystem, type SystemSurroundings } from "../../src/main.ts"
import type { LanguageModelChoice } from "../../src/ports/language-model.ts"
import type { TurnRecord } from "../../src/ports/turn.ts"
import { LoudspeakerTap } from "./loudspeaker-tap.ts"
import { requireBuiltHost } from "./nasty-host.ts"
import { joined } from "./speech-samples.ts"

export interface VoiceRigOptions {
  /** "clock": audio time waits for the models. "realtime": it does not. */
  readonly pace: "clock" | "realtime"
  readonly languageModel?: LanguageModelChoice | undefined
  readonly echoCancelled?: boolean | undefined
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** In the place of the one that `settings` make. */
  readonly config?: Config | undefined
  readonly stays?: boolean | undefined
  /** Called before whatever comes of the state. */
  readonly onState?: ((state: StateEntered) => void) | undefined
  /** In the place of this machine's GPU. */
  readonly memory?: SystemSurroundings["memory"]
  readonly ledger?: SystemSurroundings["ledger"]
  readonly hosts?: SystemSurroundings["hosts"]
}

/** The configuration as a fresh machine has it, but for `settings`. */
export const testConfig = (settings: Readonly<Record<string, string>> = {}): Config =>
  loadConfig({
    env: { XDG_CONFIG_HOME: "/nonexistent", ...pick("HOME"), ...pick("XDG_DATA_HOME") },
    overrides: new Map(Object.entries({ "conversation.acknowledge": "none", ...settings })),
  }).config

const pick = (name: string): Readonly<Record<string, string>> => {
  const value = process.env[name]
  return value === undefined ? {} : { [name]: value }
}

/** The whole assistant with real models in real hosts, and a microphone that the test speaks into. */
export class VoiceRig {
  readonly script: SpokenScript
  readonly clock: AudioClock
  /** What has come out of the loudspeaker. */
  readonly loudspeaker: LoudspeakerTap
  /** What audio time waits for at the pace "clock". */
  readonly pending: PendingWork
  readonly system: AssistantSystem
  readonly states: StateEntered[]
  readonly turns: TurnRecord[]
  readonly notices: string[]
  /** Where both sides are recorded, you left and Jett right; complete once the rig is closed. */
  readonly recording: string
  /** How the run of the input ended, once it has. */
  ended: string | undefined
  readonly #scope: Scope.Closeable
  readonly #folder: string

  private constructor(
    fields: Pick<
      VoiceRig,
      "script" | "clock" | "loudspeaker" | "pending" | "system" | "states" | "turns" | "notices" | "recording"
    >,
    scope: Scope.Closeable,
    folder: string,
  ) {
    this.script = fields.script
    this.clock = fields.clock
    this.loudspeaker = fields.loudspeaker
    this.pending = fields.pending
    this.system = fields.system
    this.states = fields.states
    this.turns = fields.turns
    this.notices = fields.notices
    this.recording = fields.recording
    this.#scope = scope
    this.#folder = folder
  }

  static async open(options: VoiceRigOptions): Promise<VoiceRig> {
    requireBuiltHost()
    const folder = await mkdtemp(join(tmpdir(), "jett-voice-"))
    const scope = Scope.makeUnsafe()
    const script = new SpokenScript()
    const clock = new AudioClock()
    const loudspeaker = new LoudspeakerTap(() => clock.now())
    const pending = new PendingWork()
    const states: StateEntered[] = []
    const turns: TurnRecord[] = []
    const notices: string[] = []
    const recording = join(folder, "conversation.wav")
    const { languageModel } = options
    const program = Effect.gen(function* () {
      const backend = yield* fileBackend({
        input: script,
        conversationPath: recording,
        pace: options.pace,
        clock,
        quiescent: () => pending.quiescent(),
      })
      return yield* openSystem({
        config: options.config ?? testConfig(options.settings),
        backend: loudspeaker.on(backend),
        audioClock: clock,
        outputClock: clock,
        simulated: options.pace === "clock",
        listens: true,
        stays: options.stays ?? false,
        echoCancelled: options.echoCancelled ?? true,
        pending,
        languageModel: languageModel && Effect.succeed(languageModel),
        memory: options.memory,
        ledger: options.ledger,
        hosts: options.hosts,
        onState: (state) => {
          states.push(state)
          options.onState?.(state)
        },
        onTurn: (turn) => turns.push(turn),
        onNotice: (message) => notices.push(message),
      })
    })
    const system = await Effect.runPromise(Scope.provide(program, scope))
    await Effect.runPromise(system.warm)
    const fields = { script, clock, loudspeaker, pending, system, states, turns, notices, recording }
    const rig = new VoiceRig(fields, scope, folder)
    Effect.runCallback(system.run, {
      onExit: (exit) => {
        rig.ended = exit._tag
      },
    })
    return rig
  }

  /** Says a line and settles when its last sample was heard. */
  say(...parts: readonly Int16Array[]) {
    return this.script.say(joined(...parts))
  }

  /** The dialogue's state now, dotted. */
  state(): string {
    const { value, detail } = this.system.conversation.state()
    return detail === "" ? value : `${value}.${detail}`
  }

  /** Waits, in real time, until `holds`; fails with what was reached instead. */
  async until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
    const startedAt = performance.now()
    while (!holds()) {
      if (performance.now() - startedAt > withinMs)
        throw new Error(`"${what}" did not happen within ${withinMs} ms; ${this.describe()}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** The next turn that ends from now on. */
  async nextTurn(withinMs?: number): Promise<TurnRecord> {
    const before = this.turns.length
    await this.until("a turn ends", () => this.turns.length > before, withinMs)
    const turn = this.turns[before]
    if (turn === undefined) throw new Error("unreachable")
    return turn
  }

  /** Says the parts and gives the turn that comes of it, once Jett listens again. */
  async turn(...parts: readonly Int16Array[]): Promise<TurnRecord> {
    const ended = this.nextTurn()
    await this.say(...parts)
    const turn = await ended
    await this.resting()
    return turn
  }

  async resting(): Promise<void> {
    await this.until("Jett listens again", () => this.state() === "listening")
  }

  /** The names of the states that were entered since `from`, without repetitions. */
  names(from = 0): readonly string[] {
    const names = this.states.slice(from).map(({ value }) => value)
    return names.filter((name, i) => name !== names[i - 1])
  }

  describe(): string {
    const turns = this.turns.map(
      ({ outcome, transcript, reply }) => `${outcome} "${transcript}" → "${reply}"`,
    )
    return `state ${this.state()}, at ${Math.round(this.clock.now())} ms, turns [${turns.join("; ")}], notices [${this.notices.join("; ")}]`
  }

  /** Stops everything, then hands the recording to `read` before it is deleted. */
  async close<A>(read?: (recording: string) => Promise<A>): Promise<A | undefined> {
    this.script.end()
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    try {
      return await read?.(this.recording)
    } finally {
      await rm(this.#folder, { recursive: true, force: true })
    }
  }
}
