import type { WavError } from "./wav-error.ts"

/** Bytes that can be read anywhere, so that an hour-long file never has to be in memory. */
export interface ByteSource {
  readonly size: number
  /** Up to `length` bytes from `position`; fewer only at the end. */
  read(position: number, length: number): Promise<Buffer>
}

export interface WavFormat {
  readonly encoding: "integer" | "float"
  readonly channels: number
  readonly rateHz: number
  /** Bytes of one sample of one channel. */
  readonly sampleBytes: number
}

export interface WavLayout {
  readonly format: WavFormat
  readonly dataStart: number
  /** Sample frames (one sample of each channel) that are really in the file. */
  readonly frames: number
  /** The header promises more audio than the file holds, or its last frame is cut. */
  readonly truncated: boolean
}

export interface WavProblem {
  readonly reason: WavError["reason"]
  readonly message: string
}

/** What writers that cannot seek back put where a size belongs. */
const SIZE_UNKNOWN = 0xffffffff
/** More chunks than any real file has; a bound, so that random bytes cannot keep the reader busy. */
const MAX_CHUNKS = 1024
const FIX = "Convert it first, for example: ffmpeg -i IN -ar 16000 -ac 1 -c:a pcm_s16le OUT.wav"

/** Reads RIFF, RF64 and BW64 headers (EBU Tech 3306; Microsoft's WAVEFORMATEXTENSIBLE), reading only chunk headers. */
export const readWavLayout = async (source: ByteSource): Promise<WavLayout | WavProblem> => {
  if (source.size === 0) return problem("empty", "The file is empty; expected a WAV file.")
  const head = await source.read(0, 12)
  const magic = head.toString("latin1", 0, 4)
  if (magic === "RIFX") return problem("unsupported", `Found big-endian WAV (RIFX); expected RIFF. ${FIX}`)
  const wide = magic === "RF64" || magic === "BW64"
  if (head.length < 12 || !(wide || magic === "RIFF") || head.toString("latin1", 8, 12) !== "WAVE")
    return problem(
      "not-wav",
      `Not a WAV file: it begins with ${printable(head)}; expected "RIFF....WAVE". ${FIX}`,
    )
  return await readChunks(source, head.readUInt32LE(4), wide)
}

const readChunks = async (
  source: ByteSource,
  riffSize: number,
  wide: boolean,
): Promise<WavLayout | WavProblem> => {
  let wideDataSize: number | undefined
  let format: WavFormat | undefined
  let position = 12
  for (let count = 0; count < MAX_CHUNKS && position + 8 <= source.size; count++) {
    const header = await source.read(position, 8)
    if (header.length < 8) break
    const id = header.toString("latin1", 0, 4)
    const size = header.readUInt32LE(4)
    const body = position + 8
    if (id === "ds64" && wide) {
      const sizes = await source.read(body, 16)
      if (sizes.length === 16) wideDataSize = Number(sizes.readBigUInt64LE(8))
    } else if (id === "fmt ") {
      const parsed = parseFormat(await source.read(body, Math.min(size, 40)))
      if ("reason" in parsed) return parsed
      format = parsed
    } else if (id === "data") {
      if (format === undefined)
        return problem("corrupt", `The audio comes before its description ("fmt " chunk). ${FIX}`)
      return dataLayout({ source, riffSize, body, size, wideDataSize, format })
    }
    // Chunks are padded to an even length, which the size does not count.
    position = body + size + (size % 2)
  }
  const missing = format === undefined ? '"fmt " chunk' : '"data" chunk'
  return problem("corrupt", `The WAV file has no ${missing} in its ${source.size} bytes. ${FIX}`)
}

const dataLayout = (found: {
  readonly source: ByteSource
  readonly riffSize: number
  readonly body: number
  readonly size: number
  readonly wideDataSize: number | undefined
  readonly format: WavFormat
}): WavLayout | WavProblem => {
  const { source, riffSize, body, size, wideDataSize, format } = found
  const available = Math.max(0, source.size - body)
  // A recorder that was killed leaves 0 behind; a complete file that is truly empty has a matching RIFF size.
  const unpatched = size === 0 && riffSize !== source.size - 8
  const declared =
    size === SIZE_UNKNOWN && wideDataSize !== undefined && wideDataSize > 0
      ? wideDataSize
      : size === SIZE_UNKNOWN || unpatched
        ? available
        : size
  const bytes = Math.min(declared, available)
  const frameBytes = format.sampleBytes * format.channels
  const frames = Math.floor(bytes / frameBytes)
  if (frames === 0)
    return problem("empty", "The WAV file holds no audio: its data chunk is empty. Record it again.")
  const truncated = declared > available || bytes % frameBytes !== 0
  return { format, dataStart: body, frames, truncated }
}

const TAG_PCM = 1
const TAG_FLOAT = 3
const TAG_EXTENSIBLE = 0xfffe
const CODEC_NAMES: Readonly<Record<number, string>> = {
  2: "Microsoft ADPCM",
  6: "A-law",
  7: "mu-law",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  80: "MPEG",
  85: "MP3",
}

const parseFormat = (chunk: Buffer): WavFormat | WavProblem => {
  if (chunk.length < 16)
    return problem("corrupt", `The "fmt " chunk has ${chunk.length} bytes; expected at least 16. ${FIX}`)
  const outerTag = chunk.readUInt16LE(0)
  // The first two bytes of an extensible sub-format's GUID are the format tag itself.
  const tag = outerTag === TAG_EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : outerTag
  const channels = chunk.readUInt16LE(2)
  const rateHz = chunk.readUInt32LE(4)
  const blockAlign = chunk.readUInt16LE(12)
  const bits = chunk.readUInt16LE(14)
  if (tag !== TAG_PCM && tag !== TAG_FLOAT) {
    const name = CODEC_NAMES[tag] ?? "an unknown codec"
    return problem("unsupported", `Found ${name} (format tag ${tag}); expected PCM or float. ${FIX}`)
  }
  if (channels === 0 || rateHz === 0)
    return problem("corrupt", `The header says ${channels} channels at ${rateHz} Hz. ${FIX}`)
  // Odd widths (12, 20 bits) sit left-justified in whole bytes, so the container's width is the one that counts.
  const sampleBytes = blockAlign > 0 ? blockAlign / channels : Math.ceil(bits / 8)
  const allowed = tag === TAG_PCM ? [1, 2, 3, 4] : [4, 8]
  if (!allowed.includes(sampleBytes) || bits > sampleBytes * 8) {
    const kind = tag === TAG_PCM ? "PCM of 8, 16, 24 or 32" : "float of 32 or 64"
    return problem(
      "unsupported",
      `Found ${bits}-bit samples in frames of ${blockAlign} bytes for ${channels} channels; expected ${kind} bits. ${FIX}`,
    )
  }
  return { encoding: tag === TAG_PCM ? "integer" : "float", channels, rateHz, sampleBytes }
}

const problem = (reason: WavProblem["reason"], message: string): WavProblem => ({ reason, message })

const printable = (bytes: Buffer): string =>
  JSON.stringify(bytes.toString("latin1", 0, 4).replace(/[^ -~]/g, "?"))
