import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  encodeEvent,
  MAX_PART_BYTES,
  WyomingDecoder,
  type WyomingEvent,
  WyomingFrameError,
} from "../../src/models/wyoming-framing.ts"

const decodeAll = (...chunks: readonly (string | Uint8Array)[]): WyomingEvent[] => {
  const decoder = new WyomingDecoder()
  return chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk)))
}

const FORMAT = '{"rate":16000,"width":2,"channels":1}'
const HEARD = '{"text": " Café, what time?"}'

describe("encodeEvent", () => {
  it("writes what the reference implementation writes, but for spaces and the version", () => {
    const event = { type: "audio-chunk", data: JSON.parse(FORMAT), payload: Buffer.from("abcd") }
    expect(encodeEvent(event).toString()).toBe(
      `{"type":"audio-chunk","data_length":${FORMAT.length},"payload_length":4}\n${FORMAT}abcd`,
    )
    expect(encodeEvent({ type: "describe", data: {} }).toString()).toBe('{"type":"describe"}\n')
  })
})

describe("WyomingDecoder", () => {
  it("reads what the reference implementation writes (wyoming 1.10.2), lengths in bytes", () => {
    const header = `{"type": "transcript", "version": "1.10.2", "data_length": ${Buffer.byteLength(HEARD)}}`
    expect(decodeAll(`${header}\n${HEARD}`)).toEqual([
      { type: "transcript", data: { text: " Café, what time?" } },
    ])
  })

  it("takes data from the header, from the block, and from the block before the header", () => {
    expect(decodeAll('{"type":"a","data":{"x":1,"y":1}}\n')).toEqual([{ type: "a", data: { x: 1, y: 1 } }])
    expect(decodeAll('{"type":"a","data":{"x":1,"y":1},"data_length":7}\n{"y":2}')).toEqual([
      { type: "a", data: { x: 1, y: 2 } },
    ])
    expect(decodeAll('{"type":"a","data_length":null,"payload_length":0}\n')).toEqual([
      { type: "a", data: {} },
    ])
  })

  it("gives back what was encoded, however the stream is cut", () => {
    const event = fc.record({
      type: fc.string({ minLength: 1 }),
      data: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.oneof(fc.string(), fc.integer(), fc.boolean()),
        { noNullPrototype: true },
      ),
      payload: fc.option(fc.uint8Array({ minLength: 1, maxLength: 200 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(60)), (events, cuts) => {
        const bytes = Buffer.concat(events.map(encodeEvent))
        const chunks: Buffer[] = []
        let at = 0
        for (const cut of cuts) {
          chunks.push(bytes.subarray(at, at + cut))
          at += cut
        }
        chunks.push(bytes.subarray(at))
        const plain = events.map(({ type, data, payload }) => ({
          type,
          data,
          payload: payload && [...payload],
        }))
        const found = decodeAll(...chunks).map(({ type, data, payload }) => ({
          type,
          data,
          payload: payload && [...payload],
        }))
        expect(found).toEqual(plain)
      }),
    )
  })

  it.each([
    ["no JSON", "hello\n"],
    ["an HTTP server", "HTTP/1.1 400 Bad Request\r\n"],
    ["a list", "[]\n"],
    ["no type", "{}\n"],
    ["a type that is no text", '{"type":7}\n'],
    ["data that is no object", '{"type":"a","data":"b"}\n'],
    ["a negative length", '{"type":"a","data_length":-1}\n'],
    ["half a byte", '{"type":"a","payload_length":0.5}\n'],
    ["a length in words", '{"type":"a","payload_length":"9"}\n'],
    ["a data block that is no JSON", '{"type":"a","data_length":3}\nabc'],
    ["a data block that is no object", '{"type":"a","data_length":1}\n7'],
  ])("refuses %s, and everything after it", (_, bytes) => {
    const decoder = new WyomingDecoder()
    expect(() => decoder.push(Buffer.from(bytes))).toThrow(WyomingFrameError)
    expect(() => decoder.push(Buffer.from('{"type":"a"}\n'))).toThrow(WyomingFrameError)
  })

  it("never repeats what it could not read", () => {
    const secret = "restart the payroll"
    for (const bytes of [`${secret}\n`, `{"type":"a","data_length":${secret.length}}\n${secret}`]) {
      let message = ""
      try {
        decodeAll(bytes)
      } catch (error) {
        message = String(error)
      }
      expect(message).toContain("not JSON")
      expect(message).not.toContain("payroll")
    }
  })

  it("refuses a forged length before a byte of it is buffered, and a header without an end", () => {
    for (const field of ["data_length", "payload_length"]) {
      expect(() => decodeAll(`{"type":"a","${field}":${MAX_PART_BYTES + 1}}\n`)).toThrow(/1048576/)
    }
    const decoder = new WyomingDecoder()
    decoder.push(Buffer.alloc(MAX_PART_BYTES, "a"))
    expect(() => decoder.push(Buffer.from("a"))).toThrow(/header/)
  })
})
