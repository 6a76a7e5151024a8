import { open } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { AudioError } from "./audio-error.ts"
import { SAMPLE_RATE_HZ, samplesToMs, toInt16 } from "./format.ts"
import { Resampler } from "./resampler.ts"
import { WavError } from "./wav-error.ts"
import { type ByteSource, readWavLayout, type WavFormat, type WavLayout } from "./wav-header.ts"

/** Small enough that an hour-long file costs the memory of a short one. */
const READ_BYTES = 64 * 1024

/** A WAV file, read in pieces and mixed down to mono. See `readWavLayout` for what is accepted. */
export class WavReader {
  readonly path: string
  readonly #source: ByteSource
  readonly #layout: WavLayout
  #nextFrame = 0

  private constructor(path: string, source: ByteSource, layout: WavLayout) {
    this.path = path
    this.#source = source
    this.#layout = layout
  }

  /** Opens a file; it closes with the scope. */
  static open(path: string): Effect.Effect<WavReader, WavError, Scope> {
    const unreadable = (cause: unknown) =>
      new WavError({
        reason: "unreadable",
        path,
        message: `Cannot read ${path}: ${cause instanceof Error ? cause.message : cause}. Give the path of a WAV file.`,
        cause,
      })
    return Effect.gen(function* () {
      const file = yield* Effect.acquireRelease(
        Effect.tryPromise({ try: () => open(path, "r"), catch: unreadable }),
        (handle) => Effect.promise(() => handle.close().catch(() => undefined)),
      )
      const stat = yield* Effect.tryPromise({ try: () => file.stat(), catch: unreadable })
      if (!stat.isFile()) return yield* unreadable("not a regular file")
      return yield* WavReader.from(path, {
        size: stat.size,
        read: async (position, length) => {
          const buffer = Buffer.alloc(length)
          const { bytesRead } = await file.read(buffer, 0, length, position)
          return buffer.subarray(0, bytesRead)
        },
      })
    })
  }

  /** Reads from any source of bytes; `path` only names it in messages. */
  static from(path: string, source: ByteSource): Effect.Effect<WavReader, WavError> {
    return Effect.gen(function* () {
      const layout = yield* attempt(path, () => readWavLayout(source))
      if ("reason" in layout)
        return yield* new WavError({ reason: layout.reason, path, message: `${path}: ${layout.message}` })
      return new WavReader(path, source, layout)
    })
  }

  get format(): WavFormat {
    return this.#layout.format
  }

  /** Sample frames in the file. */
  get frames(): number {
    return this.#layout.frames
  }

  get durationMs(): number {
    return samplesToMs(this.frames, this.format.rateHz)
  }

  /** The file ends before its header says it does; what is there is read. */
  get truncated(): boolean {
    return this.#layout.truncated
  }

  /** The next piece: Float32Array, mono, [-1, 1], at the file's own rate; undefined at the end. */
  readonly next: Effect.Effect<Float32Array | undefined, WavError> = Effect.suspend(() => {
    const { format, dataStart, frames } = this.#layout
    const frameBytes = format.sampleBytes * format.channels
    const count = Math.min(frames - this.#nextFrame, Math.max(1, Math.floor(READ_BYTES / frameBytes)))
    if (count <= 0) return Effect.succeed(undefined)
    return Effect.map(
      attempt(this.path, () =>
        this.#source.read(dataStart + this.#nextFrame * frameBytes, count * frameBytes),
      ),
      (bytes) => {
        const got = Math.floor(bytes.length / frameBytes)
        // A file that shrank while we read it ends here.
        this.#nextFrame = got === 0 ? frames : this.#nextFrame + got
        return got === 0 ? undefined : downmix(bytes, got, format)
      },
    )
  })

  /**
   * Begins to read the file as hearing audio. Each run of the inner effect gives the next piece, Int16Array, mono,
   * 16 kHz, of any length; undefined at the end.
   */
  get openHearing(): Effect.Effect<Effect.Effect<Int16Array | undefined, WavError>, AudioError, Scope> {
    return Effect.gen({ self: this }, function* () {
      const resampler = yield* Effect.acquireRelease(
        Resampler.make(this.format.rateHz, SAMPLE_RATE_HZ),
        (opened) => Effect.sync(() => opened.destroy()),
      )
      let ended = false
      return Effect.map(this.next, (piece) => {
        if (ended) return undefined
        ended = piece === undefined
        return toInt16(piece === undefined ? resampler.finish() : resampler.push(piece))
      })
    })
  }
}

const attempt = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, WavError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new WavError({ reason: "unreadable", path, message: `Reading ${path} failed: ${cause}`, cause }),
  })

/** Interleaved bytes to the mean of all channels. */
const downmix = (bytes: Buffer, frames: number, format: WavFormat): Float32Array => {
  const decode = decoders[`${format.encoding}${format.sampleBytes}`]
  const out = new Float32Array(frames)
  if (decode === undefined) return out
  let at = 0
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let channel = 0; channel < format.channels; channel++) {
      sum += decode(bytes, at)
      at += format.sampleBytes
    }
    out[frame] = sum / format.channels
  }
  return out
}

/** 8-bit WAV is unsigned, all other widths are signed. Floats that are no numbers are silence. */
const decoders: Readonly<Record<string, (bytes: Buffer, at: number) => number>> = {
  integer1: (bytes, at) => (bytes.readUInt8(at) - 128) / 128,
  integer2: (bytes, at) => bytes.readInt16LE(at) / 32_768,
  integer3: (bytes, at) => bytes.readIntLE(at, 3) / 8_388_608,
  integer4: (bytes, at) => bytes.readInt32LE(at) / 2_147_483_648,
  float4: (bytes, at) => finite(bytes.readFloatLE(at)),
  float8: (bytes, at) => finite(bytes.readDoubleLE(at)),
}

const finite = (value: number): number => (Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0)
