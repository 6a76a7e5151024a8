import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream/promises"

/** SHA-256 of a file, lower-case hex, read in slices: a model of many GB takes constant memory. */
export const hashFile = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash("sha256")
  const input = createReadStream(path, { highWaterMark: 1024 * 1024 })
  const update = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) hash.update(chunk)
  }
  await (signal === undefined ? pipeline(input, update) : pipeline(input, update, { signal }))
  return hash.digest("hex")
}
