import { mkdtemp, open, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WavError } from "../../src/audio/wav-error.ts"
import { WavReader } from "../../src/audio/wav-reader.ts"
import { encodeWav } from "../../src/audio/wav-writer.ts"
import { wavBytes } from "../support/wav-bytes.ts"

const sourceOf = (bytes: Buffer) => ({
  size: bytes.length,
  read: async (position: number, length: number) => bytes.subarray(position, position + length),
})

const readAll = (reader: WavReader) =>
  Effect.gen(function* () {
    const samples: number[] = []
    for (let piece = yield* reader.next; piece !== undefined; piece = yield* reader.next)
      samples.push(...piece)
    return samples
  })

const decode = (bytes: Buffer) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const reader = yield* WavReader.from("test.wav", sourceOf(bytes))
      return { reader, samples: yield* readAll(reader) }
    }),
  )

const failure = (bytes: Buffer) => Effect.runPromise(Effect.flip(WavReader.from("test.wav", sourceOf(bytes))))

describe("WavReader", () => {
  it("gives back what the writer encoded, mono or stereo, at any rate", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.int16Array({ minLength: 2, maxLength: 2000 }),
        fc.integer({ min: 1, max: 384_000 }),
        fc.constantFrom<1 | 2>(1, 2),
        async (raw, rateHz, channels) => {
          const samples = raw.subarray(0, raw.length - (raw.length % channels))
          const read = await decode(encodeWav(samples, { rateHz, channels }))
          expect(read.reader.format).toEqual({ encoding: "integer", sampleBytes: 2, channels, rateHz })
          const expected = Array.from(
            { length: samples.length / channels },
            (_, i) =>
              Array.from({ length: channels }, (_, c) => (samples[i * channels + c] ?? 0) / 32768).reduce(
                (a, b) => a + b,
              ) / channels,
          )
          expect(read.samples).toEqual(expected)
        },
      ),
    )
  })

  it("ends with a result or a WavError for random bytes, also behind a valid header", async () => {
    const header = fc.constantFrom(
      Buffer.alloc(0),
      Buffer.from("RIFF\xff\xff\xff\xffWAVE", "latin1"),
      Buffer.from("RF64\xff\xff\xff\xffWAVE", "latin1"),
      wavBytes({ data: Buffer.alloc(0), dataSize: 0xffffffff }),
    )
    const kinds = { read: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        header,
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
        async (head, tail, edits) => {
          const bytes = Buffer.concat([head, tail])
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
          const exit = await Effect.runPromiseExit(
            Effect.flatMap(WavReader.from("random.wav", sourceOf(bytes)), readAll),
          )
          if (Exit.isSuccess(exit)) {
            kinds.read += 1
            expect(exit.value.every((sample) => sample >= -1 && sample <= 1)).toBe(true)
          } else {
            kinds.refused += 1
            const error = await failure(bytes)
            expect(error).toBeInstanceOf(WavError)
            expect(error.message).not.toContain("\n")
          }
        },
      ),
      { numRuns: 500 },
    )
    expect(Math.min(kinds.read, kinds.refused)).toBeGreaterThan(20)
  })

  it.each([
    { bits: 8, tag: 1, bytes: [0, 128, 255], expected: [-1, 0, 127 / 128] },
    { bits: 16, tag: 1, bytes: [0x00, 0x80, 0x00, 0x40], expected: [-1, 0.5] },
    { bits: 24, tag: 1, bytes: [0x00, 0x00, 0x80, 0x00, 0x00, 0x40], expected: [-1, 0.5] },
    { bits: 32, tag: 1, bytes: [0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x40], expected: [-1, 0.5] },
  ])("reads $bits-bit PCM, plain and extensible", async ({ bits, tag, bytes, expected }) => {
    for (const extensible of [false, true])
      expect((await decode(wavBytes({ bits, tag, extensible, data: Buffer.from(bytes) }))).samples).toEqual(
        expected,
      )
  })

  it("reads float of 32 and 64 bits, clips it and takes what is no number for silence", async () => {
    const values = [0.25, -0.5, 3, Number.NaN, Number.NEGATIVE_INFINITY]
    const float32 = Buffer.alloc(20)
    const float64 = Buffer.alloc(40)
    for (const [i, value] of values.entries()) {
      float32.writeFloatLE(value, 4 * i)
      float64.writeDoubleLE(value, 8 * i)
    }
    const expected = [0.25, -0.5, 1, 0, 0]
    expect((await decode(wavBytes({ tag: 3, bits: 32, data: float32 }))).samples).toEqual(expected)
    expect((await decode(wavBytes({ tag: 3, bits: 64, extensible: true, data: float64 }))).samples).toEqual(
      expected,
    )
  })

  it("mixes any number of channels down to their mean", async () => {
    const data = Buffer.from(Int16Array.of(3000, 6000, 9000, -3000, -6000, -9000).buffer)
    const { samples } = await decode(wavBytes({ channels: 3, data }))
    expect(samples.map((sample) => Math.round(sample * 32768))).toEqual([6000, -6000])
  })

  it("skips chunks it does not know, with odd lengths and their padding", async () => {
    const { samples, reader } = await decode(
      wavBytes({
        before: [
          ["LIST", Buffer.from("odd")],
          ["junk", Buffer.alloc(0)],
        ],
        data: Buffer.from([0, 64]),
        after: [["LIST", Buffer.from("after the audio")]],
      }),
    )
    expect(samples).toEqual([0.5])
    expect(reader.truncated).toBe(false)
  })

  it("reads what there is of a truncated file, and drops a cut frame", async () => {
    const { samples, reader } = await decode(
      wavBytes({ channels: 2, data: Buffer.from([0, 64, 0, 64, 0, 32]), dataSize: 4000 }),
    )
    expect(samples).toEqual([0.5])
    expect(reader.truncated).toBe(true)
  })

  it.each([0, 0xffffffff])(
    "reads to the end when the data size was never filled in (%s)",
    async (dataSize) => {
      const bytes = wavBytes({ data: Buffer.from([0, 64, 0, 32]), dataSize, riffSize: dataSize })
      expect((await decode(bytes)).samples).toEqual([0.5, 0.25])
    },
  )

  it("takes the sizes of RF64 from its ds64 chunk", async () => {
    const ds64 = Buffer.alloc(28)
    ds64.writeBigUInt64LE(2n, 8)
    const bytes = wavBytes({
      magic: "RF64",
      riffSize: 0xffffffff,
      before: [["ds64", ds64]],
      data: Buffer.from([0, 64, 0, 32]),
      dataSize: 0xffffffff,
    })
    expect((await decode(bytes)).samples).toEqual([0.5])
  })

  it.each([
    { name: "an empty file", bytes: Buffer.alloc(0), reason: "empty", says: /empty; expected a WAV file/ },
    {
      name: "a text file",
      bytes: Buffer.from("#!/bin/sh\necho no\n"),
      reason: "not-wav",
      says: /begins with "#!\/b"/,
    },
    { name: "an AVI", bytes: Buffer.from("RIFF____AVI LIST"), reason: "not-wav", says: /expected "RIFF/ },
    { name: "a cut header", bytes: Buffer.from("RIFF__"), reason: "not-wav", says: /ffmpeg/ },
    {
      name: "no data chunk",
      bytes: wavBytes({ data: Buffer.alloc(0) }).subarray(0, 36),
      reason: "corrupt",
      says: /no "data" chunk/,
    },
    {
      name: "no audio in it",
      bytes: wavBytes({ data: Buffer.alloc(0) }),
      reason: "empty",
      says: /holds no audio/,
    },
    {
      name: "mu-law",
      bytes: wavBytes({ tag: 7, bits: 8, data: Buffer.alloc(8) }),
      reason: "unsupported",
      says: /mu-law \(format tag 7\); expected PCM/,
    },
    {
      name: "a file without channels",
      bytes: wavBytes({ channels: 0, data: Buffer.alloc(8) }),
      reason: "corrupt",
      says: /0 channels/,
    },
    {
      name: "a rate of zero",
      bytes: wavBytes({ rateHz: 0, data: Buffer.alloc(8) }),
      reason: "corrupt",
      says: /at 0 Hz/,
    },
    {
      name: "64-bit integers",
      bytes: wavBytes({ bits: 64, data: Buffer.alloc(8) }),
      reason: "unsupported",
      says: /64-bit/,
    },
    {
      name: "big-endian WAV",
      bytes: wavBytes({ magic: "RIFX", data: Buffer.alloc(8) }),
      reason: "unsupported",
      says: /big-endian/,
    },
  ])("refuses $name with what was found and what helps", async ({ bytes, reason, says }) => {
    const error = await failure(bytes)
    expect(error.reason).toBe(reason)
    expect(error.message).toMatch(says)
    expect(error.message).toMatch(/^test\.wav: /)
  })

  describe("on real files", () => {
    let folder = ""
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "jett-wav-"))
    })
    afterAll(() => rm(folder, { recursive: true }))

    const openAndRead = (path: string) => Effect.scoped(Effect.flatMap(WavReader.open(path), readAll))

    it("says what is wrong with a missing file and a folder", async () => {
      const missing = await Effect.runPromise(Effect.flip(openAndRead(join(folder, "nothing.wav"))))
      expect(missing.reason).toBe("unreadable")
      expect(missing.message).toMatch(/ENOENT/)
      const directory = await Effect.runPromise(Effect.flip(openAndRead(folder)))
      expect(directory.message).toMatch(/not a regular file|EISDIR/)
    })

    it("reads an hour in the memory of a minute", async () => {
      const path = join(folder, "hour.wav")
      const hour = 3600 * 16_000 * 2
      const file = await open(path, "w")
      await file.write(wavBytes({ data: Buffer.alloc(0), dataSize: hour, riffSize: hour + 36 }))
      // Sparse: an hour of silence that takes no room on the disk.
      await file.truncate(44 + hour)
      await file.close()
      const before = process.memoryUsage.rss()
      let peak = before
      const heard = await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const reader = yield* WavReader.open(path)
            const next = yield* reader.openHearing
            let count = 0
            for (let piece = yield* next; piece !== undefined; piece = yield* next) {
              count += piece.length
              peak = Math.max(peak, process.memoryUsage.rss())
            }
            return count
          }),
        ),
      )
      expect(heard).toBe(3600 * 16_000)
      expect(peak - before).toBeLessThan(80 * 1024 * 1024)
    })

    it("resamples to exactly the length that the duration asks for", async () => {
      for (const rateHz of [8000, 11_025, 22_050, 44_100, 48_000, 96_000]) {
        const path = join(folder, `${rateHz}.wav`)
        await writeFile(path, encodeWav(new Int16Array(rateHz + 3), { rateHz, channels: 1 }))
        const heard = await Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const next = yield* (yield* WavReader.open(path)).openHearing
              let count = 0
              for (let piece = yield* next; piece !== undefined; piece = yield* next) count += piece.length
              return count
            }),
          ),
        )
        expect(heard, `${rateHz} Hz`).toBe(Math.round(((rateHz + 3) * 16_000) / rateHz))
      }
    })
  })
})
