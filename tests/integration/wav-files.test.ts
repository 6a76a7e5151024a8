import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { resampleClip } from "../../src/audio/resampler.ts"
import { openAssistant } from "../../src/main.ts"
import type { Assistant } from "../../src/ports/assistant.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { requireBuiltHost } from "../support/nasty-host.ts"
import { residentMib } from "../support/process-tree.ts"
import { describeWith } from "../support/require-component.ts"
import { joined, music, silence, spoken, whiteNoise } from "../support/speech-samples.ts"
import { testConfig } from "../support/voice-rig.ts"
import { type WavSpec, wavBytes } from "../support/wav-bytes.ts"

const RATE_HZ = 16_000

type Encoding = "u8" | "s16" | "s24" | "s32" | "f32"

const bytesPerSample: Readonly<Record<Encoding, number>> = { u8: 1, s16: 2, s24: 3, s32: 4, f32: 4 }

/** Samples as a WAV file holds them, each repeated in every channel. */
const encoded = (samples: Int16Array, encoding: Encoding, channels: number): Buffer => {
  const width = bytesPerSample[encoding]
  const out = Buffer.alloc(samples.length * channels * width)
  for (const [i, sample] of samples.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      const at = (i * channels + channel) * width
      if (encoding === "u8") out.writeUInt8((sample >> 8) + 128, at)
      else if (encoding === "s16") out.writeInt16LE(sample, at)
      else if (encoding === "s24") out.writeIntLE(sample * 256, at, 3)
      else if (encoding === "s32") out.writeInt32LE(sample * 65_536, at)
      else out.writeFloatLE(sample / 32_768, at)
    }
  }
  return out
}

describeWith("models", "speech in a WAV file", () => {
  const folder = mkdtempSync(join(tmpdir(), "jw-"))
  let assistant: Assistant

  beforeAll(async () => {
    requireBuiltHost()
    assistant = await openAssistant(testConfig({ "llm.provider": "none" }), { input: "none", output: "none" })
  })
  afterAll(async () => {
    await assistant?.shutdown()
    rmSync(folder, { recursive: true, force: true })
  })

  const words = async (name: string, bytes: Uint8Array): Promise<string> => {
    const path = join(folder, `${name.replaceAll(" ", "-")}.wav`)
    writeFileSync(path, bytes)
    const outcome = await assistant.transcribe(path)
    return outcome.ok ? outcome.reply : `${outcome.code}: ${outcome.message}`
  }

  const file = async (encoding: Encoding, rateHz: number, channels: number, more: Partial<WavSpec> = {}) => {
    const speech = { samples: spoken("noWakeWord"), rateHz: RATE_HZ }
    const { samples } = await Effect.runPromise(resampleClip(speech, rateHz))
    const width = bytesPerSample[encoding]
    return wavBytes({
      tag: encoding === "f32" ? 3 : 1,
      bits: width * 8,
      channels,
      rateHz,
      data: encoded(samples, encoding, channels),
      ...more,
    })
  }

  const odd = Buffer.from("odd")

  it.each<[string, Encoding, number, number, Partial<WavSpec>]>([
    ["16-bit mono at 16 kHz", "s16", 16_000, 1, {}],
    ["8-bit mono at 11025 Hz", "u8", 11_025, 1, {}],
    ["24-bit stereo at 44100 Hz", "s24", 44_100, 2, {}],
    ["32-bit six-channel at 48 kHz", "s32", 48_000, 6, { extensible: true }],
    ["float mono at 96 kHz", "f32", 96_000, 1, {}],
    [
      "16-bit with odd chunks around the sound",
      "s16",
      16_000,
      1,
      {
        before: [
          ["LIST", odd],
          ["junk", odd],
        ],
        after: [["id3 ", odd]],
      },
    ],
    ["16-bit whose header promises more", "s16", 22_050, 1, { dataSize: 99_999_999 }],
    [
      "16-bit whose header was never filled in",
      "s16",
      16_000,
      1,
      { dataSize: 0xffff_ffff, riffSize: 0xffff_ffff },
    ],
  ])("%s is understood", async (name, encoding, rateHz, channels, more) => {
    expect(await words(name, await file(encoding, rateHz, channels, more))).toMatch(
      /might rain this afternoon/i,
    )
  })

  it("cut in the middle of a sample is understood as far as it goes", async () => {
    const whole = await file("s16", 16_000, 2)
    const cut = await words("cut", whole.subarray(0, Math.round(whole.length * 0.6) | 1))
    expect(cut).toMatch(/^I think it might/i)
  })

  it("of silence, noise or music has no words", async () => {
    for (const sound of [silence(2), whiteNoise(2, 3000), music(3), silence(0.01)]) {
      const data = Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength)
      expect(await words("nothing", wavBytes({ data }))).toBe("")
    }
  })

  it("of 40 seconds without a pause is transcribed to its end, nothing twice", async () => {
    const lines = ["noWakeWord", "bargeIn", "capabilities", "story", "question"] as const
    const talk = joined(
      ...[1, 2, 3, 4, 5].flatMap(() => lines.map((line) => spoken(line).subarray(1600, -2500))),
    )
    expect(talk.length / RATE_HZ).toBeGreaterThan(40)
    const data = Buffer.from(talk.buffer, talk.byteOffset, talk.byteLength)
    const said = await words("long", wavBytes({ data }))
    expect(said).toMatch(/^I think it might rain this afternoon/i)
    expect(said.match(/what can you do/gi)).toHaveLength(5)
    expect(said.match(/story about the sea/gi)).toHaveLength(5)
    expect(said.match(/capital/gi)).toHaveLength(5)
  })

  /** The most memory that transcribing a file takes that is silent but for a sentence at its end, in MiB. */
  const peakMib = async (seconds: number): Promise<number> => {
    const path = join(folder, `${seconds}-seconds.wav`)
    const speech = encoded(spoken("story"), "s16", 1)
    const dataBytes = seconds * RATE_HZ * 2
    const header = wavBytes({ data: Buffer.alloc(0), dataSize: dataBytes })
    const handle = openSync(path, "w")
    writeSync(handle, header.subarray(0, 44))
    // A hole in the file reads as silence and takes no room on the disk.
    ftruncateSync(handle, 44 + dataBytes)
    writeSync(handle, speech, 0, speech.length, 44 + dataBytes - speech.length - 2 * RATE_HZ)
    closeSync(handle)

    const command = new BuiltCommand(folder, ["transcribe", path])
    let most = 0
    const timer = setInterval(() => {
      most = Math.max(most, residentMib(command.pid))
    }, 20)
    const { exitCode, out } = await command.finished
    clearInterval(timer)
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/story about the sea/i)])
    expect(most).toBeGreaterThan(30)
    return most
  }

  it("of twenty minutes takes the memory of a short one", async () => {
    const short = await peakMib(30)
    // The samples of the long one alone are 37 MiB, and twice that as floating point.
    expect((await peakMib(1200)) - short).toBeLessThan(50)
  })
})
