import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { wyomingClient } from "../../src/models/wyoming.ts"
import { wyomingEndpoint } from "../../src/models/wyoming-endpoint.ts"
import { encodeEvent } from "../../src/models/wyoming-framing.ts"
import {
  type FakeWyoming,
  fakeWyoming,
  info,
  politely,
  type React,
  transcript,
} from "../support/fake-wyoming.ts"
import { eventually } from "../support/processes.ts"

const SECRET = "restart the payroll"
const speech = Int16Array.from({ length: 40_000 }, (_, i) => (i * 7) % 30_000)

const clientOf = (url: string, deadlineMs = 300) =>
  Effect.map(wyomingEndpoint(url, { allowRemote: false }), (endpoint) =>
    wyomingClient({ endpoint, deadlineMs, describeDeadlineMs: deadlineMs }),
  )

const transcribe = ({ url }: Pick<FakeWyoming, "url">, samples = speech) =>
  Effect.flatMap(clientOf(url), (client) => client.transcribe(samples))

const failureOf = (fake: Pick<FakeWyoming, "url">) => Effect.runPromise(Effect.flip(transcribe(fake)))

/** Answers the end of the sound in the given way, and is polite otherwise. */
const atTheEnd =
  (answer: React): React =>
  (event, socket) =>
    event.type === "audio-stop" ? answer(event, socket) : politely(event, socket)

describe("a Wyoming client", () => {
  it("sends all of the sound over one connection and gives the words, tidied", async () => {
    const fake = await fakeWyoming()
    const { text, confidence, inferenceMs } = await Effect.runPromise(transcribe(fake))
    expect(text).toBe("What time is it?")
    expect(confidence).toBeGreaterThanOrEqual(0.6)
    expect(inferenceMs).toBeGreaterThan(0)
    expect(fake.connections()).toBe(1)
    expect(fake.events[0]).toEqual({ type: "transcribe", data: { language: "en" } })
    expect(fake.events[1]).toEqual({ type: "audio-start", data: { rate: 16000, width: 2, channels: 1 } })
    const sound = Buffer.concat(fake.events.flatMap(({ payload }) => (payload ? [payload] : [])))
    expect(Array.from({ length: speech.length }, (_, i) => sound.readInt16LE(2 * i))).toEqual([...speech])
    expect(sound.length).toBe(2 * speech.length)
    expect(fake.events.at(-1)).toEqual({ type: "audio-stop", data: {} })
  })

  it("sends a part of a larger buffer as that part", async () => {
    const fake = await fakeWyoming()
    await Effect.runPromise(transcribe(fake, speech.subarray(100, 200)))
    const sound = fake.events.find(({ payload }) => payload)?.payload
    expect(sound?.length).toBe(200)
    expect(Buffer.from(sound ?? []).readInt16LE(0)).toBe(speech[100])
  })

  it("passes over events that it does not know, streamed pieces of the transcript among them", async () => {
    const fake = await fakeWyoming(
      atTheEnd((_, socket) => {
        for (const type of ["transcript-start", "transcript-chunk", "pong", "from-the-future"])
          socket.write(encodeEvent({ type, data: { text: "no" } }))
        socket.write(encodeEvent(transcript("yes")))
      }),
    )
    expect((await Effect.runPromise(transcribe(fake))).text).toBe("yes")
  })

  it("gives an empty transcript as what it is", async () => {
    const fake = await fakeWyoming(atTheEnd((_, socket) => socket.write(encodeEvent(transcript("")))))
    expect((await Effect.runPromise(transcribe(fake))).text).toBe("")
  })

  it("closes the connection when it is interrupted", async () => {
    const fake = await fakeWyoming(atTheEnd(() => undefined))
    const fiber = Effect.runFork(
      Effect.flatMap(clientOf(fake.url, 60_000), (client) => client.transcribe(speech)),
    )
    await eventually("all is sent", () => fake.events.at(-1)?.type === "audio-stop")
    expect(fake.open()).toBe(1)
    await Effect.runPromise(Fiber.interrupt(fiber))
    await eventually("the connection is closed", () => fake.open() === 0)
  })
})

describe("a Wyoming server that goes wrong", () => {
  it.each<readonly [string, React, string, RegExp]>([
    ["hangs up", (_, socket) => socket.end(), "died", /hung up before it answered/],
    [
      "breaks the connection",
      (_, socket) => socket.resetAndDestroy(),
      "died",
      /broke off \(ECONNRESET\)|hung up/,
    ],
    ["says half an answer", (_, socket) => socket.end('{"type":"transcript","data_le'), "died", /hung up/],
    [
      "says half a data block",
      (_, socket) => socket.end(`{"type":"transcript","data_length":99}\n{"text":"${SECRET}`),
      "died",
      /hung up/,
    ],
    ["says nothing", () => undefined, "deadline", /did not answer within 0.3 s/],
    [
      "never comes to the end of an answer",
      (_, socket) => socket.write('{"type":"transcript","data_length":99}\n'),
      "deadline",
      /did not answer/,
    ],
    [
      "talks of something else for ever",
      (_, socket) => {
        const timer = setInterval(() => socket.write(encodeEvent({ type: "pong", data: {} })), 20)
        socket.on("close", () => clearInterval(timer))
      },
      "deadline",
      /did not answer/,
    ],
    [
      "sends garbage",
      (_, socket) => socket.write(`${SECRET}\n`),
      "failed",
      /does not speak the Wyoming protocol/,
    ],
    [
      "announces a gigabyte",
      (_, socket) => socket.write('{"type":"transcript","data_length":1073741824}\n'),
      "failed",
      /does not speak the Wyoming protocol: a data block/,
    ],
    [
      "floods a header without an end",
      (_, socket) => socket.write(Buffer.alloc(3 * 1024 * 1024, "x")),
      "failed",
      /does not speak the Wyoming protocol: a header/,
    ],
    [
      "reports an error",
      (_, socket) => socket.write(encodeEvent({ type: "error", data: { text: SECRET, code: "model-away" } })),
      "failed",
      /could not do it \(model-away\); see its log/,
    ],
    [
      "reports an error with a code that is no code",
      (_, socket) => socket.write(encodeEvent({ type: "error", data: { text: SECRET, code: SECRET } })),
      "failed",
      /could not do it; see its log/,
    ],
    [
      "sends a transcript without text",
      (_, socket) => socket.write(encodeEvent(transcript([SECRET]))),
      "failed",
      /a transcript of an unknown shape/,
    ],
  ])(
    "%s: a failure that says so, repeats nothing, and leaves no connection",
    async (_, answer, reason, words) => {
      const fake = await fakeWyoming(atTheEnd(answer))
      const failure = await failureOf(fake)
      expect(failure).toMatchObject({ _tag: "ModelFailure", reason, message: expect.stringMatching(words) })
      expect(JSON.stringify(failure)).not.toContain("payroll")
      await eventually("the connection is closed", () => fake.open() === 0)
    },
  )

  it("is not there: unavailable, with the way out", async () => {
    const fake = await fakeWyoming()
    const gone = { url: fake.url.replace(/\d+$/, "1") }
    expect(await failureOf(gone)).toMatchObject({
      reason: "unavailable",
      message: expect.stringMatching(/ECONNREFUSED.*start it, or correct stt\.wyoming_url/),
    })
    expect(await failureOf({ url: "unix:///does/not/exist" })).toMatchObject({ reason: "unavailable" })
  })

  it("is on another machine: nothing is sent there", async () => {
    expect(await failureOf({ url: "tcp://10.255.255.1:10300" })).toMatchObject({
      reason: "refused",
      message: expect.stringContaining("privacy.allow_remote_stt = true"),
    })
  })
})

describe("describe", () => {
  const described = async (answer: Parameters<typeof encodeEvent>[0]) => {
    const fake = await fakeWyoming((_, socket) => socket.write(encodeEvent(answer)))
    const model = Effect.flatMap(clientOf(fake.url), (client) => client.describe)
    return Effect.runPromise(
      Effect.match(model, { onSuccess: (name) => name, onFailure: ({ reason }) => ({ reason }) }),
    )
  }

  it("names the first installed model", async () => {
    const model = (name: string, installed: boolean) => ({ name, installed })
    expect(await described(info())).toBe("tiny")
    expect(
      await described({
        type: "info",
        data: {
          asr: [
            { installed: false, models: [model("a", true)] },
            { installed: true, models: [model("b", false), model("c", true)] },
          ],
        },
      }),
    ).toBe("c")
  })

  it("tells a server without such a model from one that makes no sense", async () => {
    expect(await described(info(false))).toEqual({ reason: "missing" })
    expect(await described({ type: "info", data: { tts: [] } })).toEqual({ reason: "missing" })
    expect(await described({ type: "info", data: { asr: "yes" } })).toEqual({ reason: "failed" })
  })
})
