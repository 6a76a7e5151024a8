import { isRecord } from "../platform/is-record.ts"

/** One event of the Wyoming protocol: speech for a server, or its answer. */
export interface WyomingEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** Sound: 16-bit little-endian PCM. */
  readonly payload?: Uint8Array | undefined
}

/**
 * The longest header line, data block and payload that are taken from a server. The description of a server with
 * hundreds of voices is about 200 KB; a transcript has no payload at all.
 */
export const MAX_PART_BYTES = 1024 * 1024

/** What came is no event of the protocol. The stream has lost its place and cannot be read on. */
export class WyomingFrameError extends Error {
  override readonly name = "WyomingFrameError"
}

const NEWLINE = 0x0a

/** Header line, then the data as a block of its own, then the payload: as the reference implementation writes it. */
export const encodeEvent = ({ type, data, payload }: WyomingEvent): Buffer => {
  const block = Object.keys(data).length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(data))
  const header = {
    type,
    ...(block.length === 0 ? {} : { data_length: block.length }),
    ...(payload === undefined ? {} : { payload_length: payload.length }),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), block, payload ?? Buffer.alloc(0)])
}

interface Header {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly dataLength: number
  readonly payloadLength: number
}

/**
 * Cuts a byte stream into events. Data may stand in the header, in its own block, or in both: then the block goes
 * before. A length is checked before anything is buffered for it.
 */
export class WyomingDecoder {
  #header: Header | undefined
  #parts: Buffer[] = []
  #bytes = 0
  #broken = false

  /** The events that `chunk` completes. Throws `WyomingFrameError`, now and from then on, at what is no event. */
  push(chunk: Buffer): WyomingEvent[] {
    if (this.#broken) throw new WyomingFrameError("the stream broke earlier")
    try {
      return this.#read(chunk)
    } catch (error) {
      this.#broken = true
      throw error
    }
  }

  #read(chunk: Buffer): WyomingEvent[] {
    const events: WyomingEvent[] = []
    let rest = chunk
    while (rest.length > 0) {
      rest = this.#header === undefined ? this.#readHeader(rest) : this.#readBody(rest, this.#header)
      if (this.#header !== undefined && this.#bytes === bodyLength(this.#header)) {
        events.push(eventOf(this.#header, this.#take()))
        this.#header = undefined
      }
    }
    return events
  }

  #readHeader(chunk: Buffer): Buffer {
    const end = chunk.indexOf(NEWLINE)
    const taken = end === -1 ? chunk : chunk.subarray(0, end)
    if (this.#bytes + taken.length > MAX_PART_BYTES) {
      throw new WyomingFrameError(`a header longer than ${MAX_PART_BYTES} bytes`)
    }
    this.#keep(taken)
    if (end === -1) return chunk.subarray(chunk.length)
    this.#header = parseHeader(this.#take())
    return chunk.subarray(end + 1)
  }

  #readBody(chunk: Buffer, header: Header): Buffer {
    const taken = chunk.subarray(0, bodyLength(header) - this.#bytes)
    this.#keep(taken)
    return chunk.subarray(taken.length)
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  #take(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return whole
  }
}

const bodyLength = ({ dataLength, payloadLength }: Header): number => dataLength + payloadLength

const eventOf = ({ type, data, dataLength, payloadLength }: Header, body: Buffer): WyomingEvent => {
  const block = dataLength === 0 ? {} : parseObject(body.subarray(0, dataLength), "data block")
  const merged = { ...data, ...block }
  return payloadLength === 0
    ? { type, data: merged }
    : { type, data: merged, payload: body.subarray(dataLength) }
}

const parseHeader = (line: Buffer): Header => {
  const { type, data = {}, data_length, payload_length } = parseObject(line, "header")
  if (typeof type !== "string" || type === "") throw new WyomingFrameError("a header without a type")
  if (!isRecord(data)) throw new WyomingFrameError("a header whose data is no object")
  return {
    type,
    data,
    dataLength: lengthOf(data_length, "data block"),
    payloadLength: lengthOf(payload_length, "payload"),
  }
}

const lengthOf = (value: unknown, what: string): number => {
  if (value === undefined || value === null) return 0
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_PART_BYTES)
    return value
  // Not the value itself: what is no number may be anything.
  throw new WyomingFrameError(`a ${what} that is not of 0 to ${MAX_PART_BYTES} bytes`)
}

const parseObject = (bytes: Buffer, what: string): Readonly<Record<string, unknown>> => {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString("utf8"))
  } catch {
    // The parser's message repeats what it read.
    throw new WyomingFrameError(`a ${what} that is not JSON`)
  }
  if (!isRecord(value)) throw new WyomingFrameError(`a ${what} that is no object`)
  return value
}
