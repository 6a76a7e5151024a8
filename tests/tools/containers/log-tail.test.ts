import { array, constantFrom, assert as fcAssert, integer, property, tuple, uint8Array } from "fast-check"
import { expect, test } from "vitest"
import { LogTail } from "../../../src/tools/containers/log-tail.ts"
import { logFrame } from "../../support/fake-docker-state.ts"

const frames = array(
  tuple(constantFrom("stdout" as const, "stderr" as const), uint8Array({ maxLength: 40 })),
  {
    maxLength: 30,
  },
)

const inPieces = (bytes: Buffer, sizes: readonly number[]): readonly Buffer[] => {
  const pieces: Buffer[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

test("However a log is cut into pieces, its end is the same.", () => {
  const sizes = array(integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
  fcAssert(
    property(frames, sizes, integer({ min: 1, max: 200 }), (written, lengths, maxBytes) => {
      const tail = new LogTail(true, maxBytes)
      const wire = Buffer.concat(written.map(([stream, bytes]) => logFrame(stream, bytes)))
      for (const piece of inPieces(wire, lengths)) tail.push(piece)
      const whole = Buffer.concat(written.map(([, bytes]) => bytes))
      expect(tail.end()).toEqual(Uint8Array.from(whole.subarray(-maxBytes)))
    }),
  )
})

test("A terminal's log is taken as it is.", () => {
  fcAssert(
    property(uint8Array({ maxLength: 300 }), integer({ min: 1, max: 200 }), (bytes, maxBytes) => {
      const tail = new LogTail(false, maxBytes)
      for (const piece of inPieces(Buffer.from(bytes), [7, 1, 60])) tail.push(piece)
      expect(tail.end()).toEqual(bytes.slice(-maxBytes))
    }),
  )
})

test("A log that breaks off within a frame, or has no frames, is none.", () => {
  fcAssert(
    property(uint8Array({ minLength: 1, maxLength: 40 }), integer({ min: 1, max: 48 }), (bytes, cut) => {
      const frame = logFrame("stdout", bytes)
      if (cut >= frame.length) return
      const tail = new LogTail(true, 100)
      tail.push(frame.subarray(0, cut))
      expect(tail.end()).toBeUndefined()
    }),
  )
  for (const text of ["plain text that has no frames", "\u0003\0\0\0\0\0\0\0", "\u0001\0\0\u0001\0\0\0\0"]) {
    const tail = new LogTail(true, 100)
    tail.push(Buffer.from(text, "latin1"))
    expect(tail.end()).toBeUndefined()
  }
})
