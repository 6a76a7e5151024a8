import { createHash } from "node:crypto"
import { open, rm, stat } from "node:fs/promises"
import { describeError, errorCode, SourceFailure } from "./failures.ts"

/** What `fetch` must answer within before the host counts as unreachable, and the longest gap inside a body. */
const HEADERS_MS = 20_000
const STALL_MS = 30_000
const ATTEMPTS = 3

export interface UrlDownload {
  readonly url: string
  readonly bytes: number
  readonly sha256: string
  /** Kept when the download breaks off, and continued from there the next time. */
  readonly partPath: string
  readonly onProgress: (receivedBytes: number) => void
  readonly signal: AbortSignal
  /** Milliseconds of the first pause between attempts; doubled each time. */
  readonly backoffMs?: number | undefined
}

/**
 * Fetches `url` into `partPath`, continuing what is there by a Range request, and leaves the whole, verified file
 * there. Rejects with `SourceFailure`; a part that turned out to be of other bytes is removed first.
 */
export const downloadUrl = async (download: UrlDownload): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const before = await partSize(download.partPath)
    try {
      if (before < download.bytes) await fetchRest(download, before)
      await verify(download)
      return
    } catch (error) {
      download.signal.throwIfAborted()
      const resumedFromWrongBytes = error instanceof WrongBytes && before > 0
      const brokeOff = error instanceof BrokeOff && (await partSize(download.partPath)) > before
      if (attempt >= ATTEMPTS || !(resumedFromWrongBytes || brokeOff)) throw asFailure(error)
      await pause((download.backoffMs ?? 500) * 2 ** (attempt - 1), download.signal)
    }
  }
}

class WrongBytes extends Error {}
class BrokeOff extends Error {}

const asFailure = (error: unknown): unknown =>
  error instanceof WrongBytes || error instanceof BrokeOff
    ? new SourceFailure({ message: error.message, cause: error.cause })
    : error

const partSize = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop)
      resolve()
    }, ms)
    signal.addEventListener("abort", stop, { once: true })
  })

async function fetchRest(download: UrlDownload, from: number): Promise<void> {
  const stall = new AbortController()
  const signal = AbortSignal.any([download.signal, stall.signal])
  let timer = setTimeout(
    () =>
      stall.abort(new SourceFailure({ message: `no answer in ${HEADERS_MS / 1000} s`, unreachable: true })),
    HEADERS_MS,
  )
  try {
    const response = await fetch(download.url, {
      signal,
      redirect: "follow",
      headers: {
        // A compressed body would make the length, and with it the range, meaningless.
        "accept-encoding": "identity",
        ...(from > 0 ? { range: `bytes=${from}-` } : {}),
      },
    }).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new SourceFailure({ message: describeError(cause), unreachable: true, cause })
    })
    const start = startOf(response, from)
    if (start === undefined) {
      await response.body?.cancel()
      if (response.status === 416) {
        await rm(download.partPath, { force: true })
        throw new WrongBytes("the server has no such range: the partial file was discarded")
      }
      throw new SourceFailure({ message: `HTTP ${response.status} ${response.statusText}`.trim() })
    }
    const announced = response.headers.get("content-length")
    if (announced !== null && Number(announced) + start !== download.bytes) {
      await response.body?.cancel()
      throw new SourceFailure({
        message: `the server has ${Number(announced) + start} bytes, expected ${download.bytes}: another file`,
      })
    }
    if (response.body === null) throw new SourceFailure({ message: "an empty answer" })
    const part = await open(download.partPath, start > 0 ? "r+" : "w")
    let position = start
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer)
        timer = setTimeout(() => stall.abort(new BrokeOff(`no data for ${STALL_MS / 1000} s`)), STALL_MS)
        if (position + chunk.byteLength > download.bytes) {
          throw new SourceFailure({ message: `more than the expected ${download.bytes} bytes: another file` })
        }
        await writeFully(part, chunk, position)
        position += chunk.byteLength
        download.onProgress(position)
      }
    } finally {
      await part.close()
    }
    if (position < download.bytes) {
      throw new BrokeOff(`the connection ended after ${position} of ${download.bytes} bytes`)
    }
  } catch (error) {
    if (stall.signal.aborted && !download.signal.aborted) throw stall.signal.reason
    // undici says "terminated" when a body breaks off; the part stays for the next attempt.
    if (error instanceof TypeError && error.message === "terminated") {
      throw new BrokeOff(`the connection broke off (${errorCode(error) ?? "closed"})`, { cause: error })
    }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Where the body of this answer starts in the file; undefined: it is no part of the file. */
const startOf = (response: Response, from: number): number | undefined => {
  if (response.status === 200) return 0
  if (response.status !== 206) return undefined
  return response.headers.get("content-range")?.startsWith(`bytes ${from}-`) === true ? from : undefined
}

async function writeFully(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  position: number,
): Promise<void> {
  let offset = 0
  while (offset < chunk.byteLength) {
    const { bytesWritten } = await file.write(chunk, offset, chunk.byteLength - offset, position + offset)
    offset += bytesWritten
  }
}

async function verify(download: UrlDownload): Promise<void> {
  const part = await open(download.partPath, "r")
  const hash = createHash("sha256")
  for await (const chunk of part.createReadStream({ highWaterMark: 1024 * 1024 })) hash.update(chunk)
  const found = hash.digest("hex")
  if (found === download.sha256) return
  await rm(download.partPath, { force: true })
  throw new WrongBytes(`SHA-256 is ${found}, expected ${download.sha256}`)
}
