import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { StateEntered } from "../../src/actors/voice/conversation-system.ts"
import { resampleClip } from "../../src/audio/resampler.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { auditFolder } from "../../src/config/paths.ts"
import type { LanguageModelChoice } from "../../src/ports/language-model.ts"
import type { TurnRecord } from "../../src/ports/turn.ts"
import { auditFiles } from "../../src/security/audit/audit-folder.ts"
import { type LogRecord, readLog } from "../../src/security/audit/read-log.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { CHALLENGE_WORDS } from "../../src/security/confirmation/challenge-words.ts"
import { soundDistance, soundsOf } from "../../src/text/sounds.ts"
import { ClockHold } from "./clock-hold.ts"
import { silence } from "./speech-samples.ts"
import { UserVoice } from "./user-voice.ts"
import { VoiceRig } from "./voice-rig.ts"

const RATE_HZ = 16_000

/** A question of the guard's, as it was heard from the loudspeaker. */
export interface HeardQuestion {
  readonly text: string
  /** The challenge word that its end sounds most like. */
  readonly word: string
}

export interface HeardTurn {
  readonly turn: TurnRecord
  /** What was heard from the loudspeaker when Jett spoke last. */
  readonly heard: string
  /** The conversation's states, without repetitions. */
  readonly states: readonly string[]
  /** Rows of the audit log: kind, and decision where it has one. */
  readonly rows: readonly string[]
  readonly records: readonly LogRecord[]
}

/**
 * The whole assistant with a container engine behind its guard, and a user with ears: the question is transcribed from
 * what came out of the loudspeaker, and the answer spoken by another voice. Audio time stands still while the user makes
 * up an answer, and while the engine works.
 */
export class GuardVoiceRig {
  readonly voice: VoiceRig
  readonly user = new UserVoice()
  readonly #hold: ClockHold
  readonly #folder: string
  readonly #stateHome = process.env["XDG_STATE_HOME"]
  #statesBefore = 0
  #rowsBefore = 0

  private constructor(voice: VoiceRig, hold: ClockHold, folder: string) {
    this.voice = voice
    this.#hold = hold
    this.#folder = folder
  }

  /** `toml` is the configuration. While it is open `process.env` names a state folder of its own. */
  static async open(
    toml: string,
    languageModel: LanguageModelChoice,
    folder = newFolder(),
  ): Promise<GuardVoiceRig> {
    const file = join(folder, "config.toml")
    writeFileSync(file, toml)
    const hold = new ClockHold()
    const overrides = new Map([["conversation.acknowledge", "none"]])
    const voice = await VoiceRig.open({
      pace: "clock",
      languageModel,
      config: loadConfig({ env: process.env, file, overrides }).config,
      stays: true,
      onState: (state) => (isUnhurried(state) ? hold.hold() : hold.release()),
    })
    hold.pending = voice.pending
    return new GuardVoiceRig(voice, hold, folder)
  }

  /** Says a command after the wake word. `meanwhile` is said as soon as a question of the guard's begins. */
  async command(text: string, meanwhile?: string): Promise<void> {
    this.#statesBefore = this.voice.states.length
    this.#rowsBefore = this.rows().length
    const words = await this.user.command(text)
    const early = meanwhile === undefined ? undefined : await this.user.words(meanwhile)
    await this.voice.say(silence(2), words)
    if (early === undefined) return
    await this.voice.until("the question begins", () => this.voice.state() === "confirming.asking")
    void this.voice.say(silence(0.2), early)
  }

  /** What is asked, once it has been spoken; from then on audio time waits for `answer`. */
  async question(): Promise<HeardQuestion> {
    await this.voice.until("the question was asked", () => this.voice.state() === "confirming.hearing")
    const asking = this.voice.states.findLast(
      ({ value, detail }) => value === "confirming" && detail === "asking",
    )
    const text = await this.#heardSince(asking?.atMs ?? 0)
    return { text, word: challengeIn(text) }
  }

  /** Says `text`, or nothing. */
  async answer(text?: string): Promise<void> {
    if (text !== undefined) void this.voice.say(silence(0.6), await this.user.words(text))
    const before = this.voice.states.length
    this.#hold.release()
    await this.voice.until("something comes of it", () => this.voice.states.length > before)
  }

  /** The turn that began with the last command, once Jett listens again. */
  async end(): Promise<HeardTurn> {
    await this.voice.resting()
    const turn = this.voice.turns.at(-1)
    const speaking = this.voice.states.findLast(({ value }) => value === "speaking")
    if (turn === undefined || speaking === undefined)
      throw new Error(`nothing was said; ${this.voice.describe()}`)
    const heard = await this.#heardSince(speaking.atMs)
    const records = this.rows().slice(this.#rowsBefore)
    return {
      turn,
      heard,
      states: this.voice.names(this.#statesBefore),
      records,
      rows: records.map(({ kind, details }) => [kind, details["decision"] ?? ""].join(" ").trim()),
    }
  }

  /** Ends whatever is going on, so that one failure makes no other. */
  giveUp(): void {
    const { conversation, actions } = this.voice.system
    if (this.voice.state() !== "listening") conversation.send({ type: "user.cancel" })
    const pending = actions.pendingPin()
    if (pending !== undefined) void actions.denyPin(pending.consentId)
    this.#hold.release()
  }

  rows(): readonly LogRecord[] {
    const log = readLog(this.#database)
    try {
      return [...log.all()]
    } finally {
      log.close()
    }
  }

  /** What the verifier says of the whole audit log. */
  verify(): string {
    return verifyLog(this.#database).verdict
  }

  async close(): Promise<void> {
    this.#hold.release()
    this.#hold.pending = undefined
    await this.voice.close()
    await this.user.close()
    if (this.#stateHome === undefined) delete process.env["XDG_STATE_HOME"]
    else process.env["XDG_STATE_HOME"] = this.#stateHome
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #database(): string {
    return auditFiles(auditFolder(process.env)).database
  }

  /** What the real recogniser makes of what came out of the loudspeaker. */
  async #heardSince(fromMs: number): Promise<string> {
    const clip = await Effect.runPromise(resampleClip(this.voice.loudspeaker.since(fromMs), RATE_HZ))
    const { stt } = this.voice.system.models
    const { text } = await Effect.runPromise(this.voice.pending.track(stt.transcribe(clip.samples)))
    return text
  }
}

/** The user thinks about the answer; the engine does what it was told. Neither is hurried by a simulated clock. */
const isUnhurried = ({ value, detail }: StateEntered): boolean =>
  (value === "confirming" && detail === "hearing") || (value === "thinking" && detail === "acting")

/** What somebody takes the last word for who knows that it is one of these. */
const challengeIn = (question: string): string => {
  const last = soundsOf(/say:?,?\s+(.+)$/i.exec(question)?.[1] ?? question.split(" ").at(-1) ?? "")
  const [nearest] = CHALLENGE_WORDS.map(({ word }) => ({
    word,
    distance: soundDistance(soundsOf(word), last),
  })).sort((a, b) => a.distance - b.distance)
  return nearest?.word ?? ""
}

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "jett-guard-"))
  process.env["XDG_STATE_HOME"] = folder
  return folder
}
