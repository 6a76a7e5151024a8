import { type FileHandle, open } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { toBytes } from "./format.ts"
import { WavError } from "./wav-error.ts"

const WAV_HEADER_BYTES = 44
const SIZE_UNKNOWN = 0xffffffff

export interface WavWriterFormat {
  readonly rateHz: number
  /** 1, or 2 for interleaved left and right. */
  readonly channels: 1 | 2
}

/** Writes 16-bit PCM as it comes. Until the scope closes the sizes read "unknown", so a killed process leaves a playable file. */
export class WavWriter {
  readonly path: string
  readonly #file: FileHandle
  readonly #format: WavWriterFormat
  #dataBytes = 0

  private constructor(path: string, file: FileHandle, format: WavWriterFormat) {
    this.path = path
    this.#file = file
    this.#format = format
  }

  /** Creates or replaces the file, readable by its owner only: it is a recording of somebody. */
  static open(path: string, format: WavWriterFormat): Effect.Effect<WavWriter, WavError, Scope> {
    return Effect.acquireRelease(
      Effect.tryPromise({
        try: async () => {
          const file = await open(path, "w", 0o600)
          await file.write(wavHeader(format, SIZE_UNKNOWN))
          return new WavWriter(path, file, format)
        },
        catch: (cause) => unwritable(path, cause),
      }),
      (writer) => Effect.promise(() => writer.#close().catch(() => undefined)),
    )
  }

  /** Audio written so far. */
  get durationMs(): number {
    return (this.#dataBytes * 1000) / (2 * this.#format.channels * this.#format.rateHz)
  }

  /** Int16Array, interleaved when there are two channels. Calls must not overlap. */
  write(samples: Int16Array): Effect.Effect<void, WavError> {
    if (samples.length === 0) return Effect.void
    return Effect.tryPromise({
      try: async () => {
        const bytes = toBytes(samples)
        await this.#file.write(bytes, 0, bytes.length, WAV_HEADER_BYTES + this.#dataBytes)
        this.#dataBytes += bytes.length
      },
      catch: (cause) => unwritable(this.path, cause),
    })
  }

  async #close(): Promise<void> {
    try {
      await this.#file.write(wavHeader(this.#format, this.#dataBytes), 0, WAV_HEADER_BYTES, 0)
    } finally {
      await this.#file.close()
    }
  }
}

/** A whole clip as the bytes of a WAV file. */
export const encodeWav = (samples: Int16Array, format: WavWriterFormat): Buffer =>
  Buffer.concat([wavHeader(format, samples.byteLength), toBytes(samples)])

const wavHeader = (format: WavWriterFormat, dataBytes: number): Buffer => {
  const header = Buffer.alloc(WAV_HEADER_BYTES)
  const frameBytes = 2 * format.channels
  header.write("RIFF", 0, "latin1")
  header.writeUInt32LE(Math.min(dataBytes + WAV_HEADER_BYTES - 8, SIZE_UNKNOWN), 4)
  header.write("WAVEfmt ", 8, "latin1")
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(format.channels, 22)
  header.writeUInt32LE(format.rateHz, 24)
  header.writeUInt32LE(format.rateHz * frameBytes, 28)
  header.writeUInt16LE(frameBytes, 32)
  header.writeUInt16LE(16, 34)
  header.write("data", 36, "latin1")
  header.writeUInt32LE(Math.min(dataBytes, SIZE_UNKNOWN), 40)
  return header
}

const unwritable = (path: string, cause: unknown): WavError =>
  new WavError({
    reason: "unreadable",
    path,
    message: `Cannot write ${path}: ${cause instanceof Error ? cause.message : cause}. Give a path in a folder you can write to.`,
    cause,
  })
