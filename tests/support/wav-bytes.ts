/** Builds WAV files of every kind, right and wrong, for tests of the reader. */
export interface WavSpec {
  readonly magic?: string
  readonly tag?: number
  readonly extensible?: boolean
  readonly channels?: number
  readonly rateHz?: number
  readonly bits?: number
  readonly data: Buffer
  readonly dataSize?: number
  readonly riffSize?: number
  /** Chunks before "data", after "fmt ". */
  readonly before?: readonly (readonly [string, Buffer])[]
  readonly after?: readonly (readonly [string, Buffer])[]
}

const chunk = (id: string, body: Buffer, size: number = body.length): Buffer => {
  const header = Buffer.alloc(8)
  header.write(id, 0, "latin1")
  header.writeUInt32LE(size, 4)
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)])
}

export const wavBytes = (spec: WavSpec): Buffer => {
  const { tag = 1, channels = 1, rateHz = 16_000, bits = 16, extensible = false } = spec
  const frameBytes = channels * Math.ceil(bits / 8)
  const format = Buffer.alloc(extensible ? 40 : 16)
  format.writeUInt16LE(extensible ? 0xfffe : tag, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(rateHz, 4)
  format.writeUInt32LE(rateHz * frameBytes, 8)
  format.writeUInt16LE(frameBytes, 12)
  format.writeUInt16LE(bits, 14)
  if (extensible) {
    format.writeUInt16LE(22, 16)
    format.writeUInt16LE(bits, 18)
    format.writeUInt16LE(tag, 24)
    Buffer.from("000000001000800000aa00389b71", "hex").copy(format, 26)
  }
  const chunks = [
    ...(spec.before ?? []).filter(([id]) => id === "ds64").map(([id, body]) => chunk(id, body)),
    chunk("fmt ", format),
    ...(spec.before ?? []).filter(([id]) => id !== "ds64").map(([id, body]) => chunk(id, body)),
    chunk("data", spec.data, spec.dataSize ?? spec.data.length),
    ...(spec.after ?? []).map(([id, body]) => chunk(id, body)),
  ]
  const body = Buffer.concat(chunks)
  const head = Buffer.alloc(12)
  head.write(spec.magic ?? "RIFF", 0, "latin1")
  head.writeUInt32LE(spec.riffSize ?? body.length + 4, 4)
  head.write("WAVE", 8, "latin1")
  return Buffer.concat([head, body])
}
