import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, expect, it } from "vitest"
import { demoLines } from "../../src/cli/demo/scenes.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { expectHeard } from "../support/heard-speech.ts"
import { describeWith } from "../support/require-component.ts"
import { joined, recordingOf, silence, spoken, whiteNoise } from "../support/speech-samples.ts"
import { wavBytes } from "../support/wav-bytes.ts"

/** `jett listen` as a user runs it: the built program, a process of its own, real models. */

const folder = mkdtempSync(join(tmpdir(), "jett-listen-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

let homes = 0
const jett = (...argv: readonly string[]) => {
  const home = join(folder, `home-${homes++}`)
  mkdirSync(home, { mode: 0o700 })
  return new BuiltCommand(home, argv)
}

const ms = Schema.NullOr(Schema.Number)

const StateLine = Schema.Struct({
  event: Schema.Literal("state"),
  value: Schema.Literals([
    "listening",
    "waking",
    "transcribing",
    "thinking",
    "confirming",
    "speaking",
    "followUp",
    "muted",
  ]),
  atMs: Schema.Int,
})

const TurnLine = Schema.Struct({
  event: Schema.Literal("turn"),
  id: Schema.String.check(
    Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  ),
  revision: Schema.Int,
  wake: Schema.NullOr(Schema.Struct({ score: Schema.Number, atMs: Schema.Number })),
  speech: Schema.NullOr(Schema.Struct({ startMs: Schema.Number, endMs: Schema.Number })),
  transcript: Schema.String,
  route: Schema.Literals(["phrase", "llm", "none"]),
  reply: Schema.String,
  heard: Schema.String,
  replyAudioMs: Schema.Number,
  latency: Schema.Struct({
    endpointMs: ms,
    sttMs: ms,
    firstTokenMs: ms,
    firstClauseMs: ms,
    ttsMs: ms,
    runtimeMs: ms,
    totalMs: ms,
  }),
  interrupted: Schema.Boolean,
})

const Line = Schema.Union([StateLine, TurnLine])
type Turn = typeof TurnLine.Type

interface Heard {
  readonly states: readonly (typeof StateLine.Type)[]
  readonly turns: readonly Turn[]
}

const parse = (out: string): Heard => {
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => Schema.decodeUnknownSync(Line)(JSON.parse(line)))
  return {
    states: lines.filter((line) => line.event === "state"),
    turns: lines.filter((line) => line.event === "turn"),
  }
}

describeWith("models", "jett listen --json", () => {
  const conversation = write(
    "conversation.wav",
    wavBytes({
      data: bytesOf(
        joined(spoken("noWakeWord"), silence(1), spoken("capabilities"), silence(10), spoken("question")),
      ),
    }),
  )
  const spokenPath = join(folder, "out.wav")
  let simulated: Heard
  let realtime: Heard

  beforeAll(async () => {
    const run = async (...more: readonly string[]) => {
      const finished = await jett("listen", "--json", "--wav", conversation, ...more).finished
      expect(finished).toMatchObject({ exitCode: 0, err: "" })
      return parse(finished.out)
    }
    simulated = await run("--out", spokenPath)
    realtime = await run("--realtime")
  })

  it("prints a line for each state and each turn, in the order of the audio", () => {
    const names = simulated.states.map(({ value }) => value)
    expect(names.slice(0, 5)).toEqual(["listening", "waking", "transcribing", "speaking", "listening"])
    expect(names.slice(5, 8)).toEqual(["waking", "transcribing", "speaking"])
    expect(names.at(-1)).toBe("listening")
    const times = simulated.states.map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it("hears a fixed phrase and a free question, and ignores what is said without the wake word", () => {
    expect(simulated.turns).toMatchObject([
      { route: "phrase", transcript: expect.stringMatching(/what can you do/i), interrupted: false },
      { route: "llm", transcript: expect.stringMatching(/what is the capital of france/i) },
    ])
    for (const { reply, heard, replyAudioMs, wake, speech, latency } of simulated.turns) {
      expect(reply).not.toBe("")
      expect(heard).toBe(reply)
      expect(replyAudioMs).toBeGreaterThan(300)
      expect(wake?.score).toBeGreaterThan(0.5)
      expect(speech?.endMs).toBeGreaterThan(speech?.startMs ?? 0)
      expect(speech?.endMs).toBeGreaterThan(wake?.atMs ?? 0)
      expect(latency.totalMs).toBeGreaterThanOrEqual(latency.endpointMs ?? 0)
    }
    const [phrase, free] = simulated.turns
    expect(phrase?.latency.firstTokenMs).toBeNull()
    expect(free?.latency.firstClauseMs).toBeGreaterThanOrEqual(free?.latency.firstTokenMs ?? 0)
  })

  it("hears the same at real speed", () => {
    // What the language model writes may begin with a word about the wait for it, where it is slow.
    const gist = ({ turns }: Heard) =>
      turns.map(({ transcript, route, reply }) => ({
        transcript,
        route,
        reply: route === "phrase" ? reply : "",
      }))
    for (const { heard } of realtime.turns) expect(heard).not.toBe("")
    expect(gist(realtime)).toEqual(gist(simulated))
    // "thinking" is passed in no time at all where audio time waits for the models, so only a real clock shows it.
    const course = ({ states }: Heard) =>
      states.map(({ value }) => value).filter((name) => name !== "thinking")
    expect(course(realtime)).toEqual(course(simulated))
  })

  it("writes what is spoken to a file, in which speech to text finds the reply", async () => {
    const { exitCode, out } = await jett("transcribe", spokenPath).finished
    expect(exitCode).toBe(0)
    const reply = simulated.turns.map((turn) => turn.reply).join(" ")
    expectHeard(out, reply)
  })

  it("prints what was said for a person, states apart from it", async () => {
    const { exitCode, out, err } = await jett("listen", "--wav", recordingOf(demoLines.time)).finished
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^you: {2}.*what time is it\W*\njett: It's .+\n$/i)
    expect(err).toMatch(/waking\n.*transcribing\n/)
  })
})

describeWith("models", "a WAV file that is not one", () => {
  const good = wavBytes({ data: bytesOf(whiteNoise(0.5, 500)) })
  const patched = (offset: number, value: number, bytes = 2): Buffer => {
    const copy = Buffer.from(good)
    copy.writeUIntLE(value, offset, bytes)
    return copy
  }

  it.each([
    ["empty", Buffer.alloc(0), /is empty; expected a WAV file/],
    ["text", Buffer.from("hello there, I am a text\n".repeat(99)), /begins with "hell"; expected "RIFF/],
    ["cut in its header", good.subarray(0, 20), /expected at least 16/],
    ["without audio", wavBytes({ data: Buffer.alloc(0) }), /holds no audio/],
    ["MP3 inside", patched(20, 0x55), /Found MP3.*expected PCM or float/],
    ["of no channels", patched(22, 0), /0 channels/],
    ["of an absurd rate", patched(24, 4_000_000_000, 4), /4000000000 Hz/],
  ])("%s: one line says what was found and what to do", async (name, bytes, message) => {
    const path = write(`${name.replaceAll(" ", "-")}.wav`, bytes)
    const command = jett("listen", "--json", "--wav", path)
    const { exitCode, out, err } = await command.finished
    expect(exitCode).toBe(1)
    expect(err).toMatch(/^error: [^\n]+\n$/)
    expect(err).toMatch(message)
    expect(out.trimEnd().split("\n")).toHaveLength(1)
    expect(JSON.parse(out)).toMatchObject({ ok: false, message: expect.stringMatching(message) })
  })

  it("that is not there, a folder, or an output that cannot be written is said likewise", async () => {
    const path = write("good.wav", good)
    for (const [argv, message] of [
      [["--wav", join(folder, "none.wav")], /Cannot read .*ENOENT.*Give the path/],
      [["--wav", folder], /not a regular file/],
      [["--wav", path, "--out", "/nonexistent/out.wav"], /Cannot write .*Give a path/],
    ] as const) {
      const { exitCode, err } = await jett("listen", ...argv).finished
      expect([exitCode, err]).toEqual([1, expect.stringMatching(message)])
      expect(err.split("\n")).toHaveLength(2)
    }
    expect((await jett("listen").finished).exitCode).toBe(2)
  })
})
