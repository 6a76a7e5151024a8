import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  decodePayload,
  encodeFrame,
  FrameDecoder,
  FrameError,
  MAX_FRAME_BYTES,
} from "../../src/models/host-framing.ts"
import { parseFromHost, parseToHost } from "../../src/models/host-messages.ts"

const header = (bytes: number): Buffer => {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(bytes)
  return buffer
}

/** Cuts the bytes at the given places. */
const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

describe("framing", () => {
  it("gives back every message, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.jsonValue(), fc.int16Array({ minLength: 1 }), fc.float64Array())),
        fc.array(fc.nat()),
        (messages, places) => {
          const decoder = new FrameDecoder()
          const stream = Buffer.concat(messages.map(encodeFrame))
          const found = cut(stream, places).flatMap((chunk) => decoder.push(chunk))
          expect(found.map(decodePayload)).toEqual(messages)
        },
      ),
    )
  })

  it("refuses a forged length before it buffers anything, and the rest of the stream with it", () => {
    for (const length of [0, MAX_FRAME_BYTES + 1, 0xffff_ffff]) {
      const decoder = new FrameDecoder()
      expect(() => decoder.push(header(length))).toThrow(FrameError)
      expect(() => decoder.push(encodeFrame("fine"))).toThrow(FrameError)
    }
  })

  it("accepts a frame of exactly the limit and refuses to make a larger one", () => {
    const overhead = encodeFrame(new Uint8Array(MAX_FRAME_BYTES - 100)).length - 4 - (MAX_FRAME_BYTES - 100)
    const largest = encodeFrame(new Uint8Array(MAX_FRAME_BYTES - overhead))
    expect(largest.length).toBe(MAX_FRAME_BYTES + 4)
    expect(new FrameDecoder().push(largest)).toHaveLength(1)
    expect(() => encodeFrame(new Uint8Array(MAX_FRAME_BYTES - overhead + 1))).toThrow(/limit is 8388608/)
    expect(() => encodeFrame({ run: () => undefined })).toThrow(FrameError)
  })

  it("survives any bytes: a FrameError or a value, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        try {
          parseFromHost(decodePayload(Buffer.from(bytes)))
          parseToHost(decodePayload(Buffer.from(bytes)))
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it("survives any change of one byte in a good message", () => {
    const good = encodeFrame({
      type: "done",
      id: 3,
      value: { text: "a", list: [1, 2] },
      inferenceMs: 4,
    }).subarray(4)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(good)
        bytes[at] = value
        try {
          parseFromHost(decodePayload(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
