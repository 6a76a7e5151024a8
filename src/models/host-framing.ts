import { deserialize, serialize } from "node:v8"

/** The largest message either side may send. Ten minutes of 16 kHz speech as Int16 is 19 MB: nobody needs that in one piece. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024

const HEADER_BYTES = 4

/** The peer broke the framing or sent something that is not a message. Fatal for that host, and for that host only. */
export class FrameError extends Error {
  override readonly name = "FrameError"
}

/**
 * One message as a frame: u32 little-endian length, then `v8.serialize`. The frame owns its whole buffer, so that it
 * can be transferred between threads.
 *
 * Throws `FrameError` if the message is over the limit or holds something that cannot be serialised (a function).
 */
export const encodeFrame = (message: unknown): Buffer<ArrayBuffer> => {
  const payload = serializeOrThrow(message)
  if (payload.length > MAX_FRAME_BYTES) {
    throw new FrameError(
      `The message is ${payload.length} bytes; the limit is ${MAX_FRAME_BYTES}. Send it in smaller pieces.`,
    )
  }
  const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + payload.length)
  frame.writeUInt32LE(payload.length, 0)
  payload.copy(frame, HEADER_BYTES)
  return frame
}

/** What a frame's payload says. Throws `FrameError` if it is not a serialised value. */
export const decodePayload = (payload: Buffer): unknown => {
  try {
    return deserialize(payload)
  } catch (cause) {
    throw new FrameError("The frame's payload is not a serialised message.", { cause })
  }
}

/**
 * Cuts a byte stream into payloads. A forged length is refused before anything is buffered for it.
 * After a `FrameError` the stream has lost its place: the decoder refuses everything that follows.
 */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerFill = 0
  #payload: Buffer | undefined
  #payloadFill = 0
  #broken = false

  /** Payloads completed by `chunk`, each in a buffer of its own. */
  push(chunk: Buffer): Buffer[] {
    if (this.#broken) throw new FrameError("The stream broke earlier and cannot be read on.")
    const complete: Buffer[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#payload === undefined) at = this.#readHeader(chunk, at)
      else at = this.#readPayload(chunk, at, this.#payload, complete)
    }
    return complete
  }

  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerFill, at, at + HEADER_BYTES - this.#headerFill)
    this.#headerFill += taken
    if (this.#headerFill === HEADER_BYTES) {
      const length = this.#header.readUInt32LE(0)
      if (length === 0 || length > MAX_FRAME_BYTES) {
        this.#broken = true
        throw new FrameError(`A frame claims ${length} bytes; 1 to ${MAX_FRAME_BYTES} are allowed.`)
      }
      this.#headerFill = 0
      this.#payloadFill = 0
      // Not pooled: deserialised typed arrays are views on this buffer, and a pooled one would pin its neighbours.
      this.#payload = Buffer.allocUnsafeSlow(length)
    }
    return at + taken
  }

  #readPayload(chunk: Buffer, at: number, payload: Buffer, complete: Buffer[]): number {
    const taken = chunk.copy(payload, this.#payloadFill, at, at + payload.length - this.#payloadFill)
    this.#payloadFill += taken
    if (this.#payloadFill === payload.length) {
      this.#payload = undefined
      complete.push(payload)
    }
    return at + taken
  }
}

const serializeOrThrow = (message: unknown): Buffer => {
  try {
    return serialize(message)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FrameError(`The message cannot be serialised: ${reason}`, { cause })
  }
}
