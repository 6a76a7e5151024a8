import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { onTestFinished } from "vitest"
import type { Manifest, ManifestFile } from "../../src/models/manifest.ts"
import { type PullEvent, type PullRequest, pullModels } from "../../src/models/pull.ts"

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** A folder that is gone when the test is. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "jett-test-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Bytes that do not repeat, so that a part at the wrong offset changes the hash. */
export const someBytes = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

type Sources = ManifestFile["sources"]

/** A manifest of one model `m` with the given files. */
export const manifestOf = (
  files: readonly {
    readonly name: string
    readonly content: Uint8Array
    readonly sources: Sources
    readonly licence?: string
  }[],
  packages: Manifest["packages"] = {},
): Manifest => {
  const [first, ...rest] = files.map((file) => ({
    name: file.name,
    bytes: file.content.byteLength,
    sha256: sha256(file.content),
    licence: file.licence ?? "free",
    sources: file.sources,
  }))
  if (first === undefined) throw new Error("a model has at least one file")
  return {
    licences: {
      free: { name: "Free Licence", url: "https://example.org/free", nonCommercial: false },
      nc: { name: "Hobby Licence", url: "https://example.org/nc", nonCommercial: true },
    },
    packages,
    models: [{ id: "m", title: "A model", engine: "piper", default: true, files: [first, ...rest] }],
  }
}

const urlSource = (url: string) => ({ type: "url" as const, url, hashPublishedElsewhere: false })

export const fromUrl = (url: string, ...more: readonly string[]): Sources => [
  urlSource(url),
  ...more.map(urlSource),
]

/** An HTTP server on a free loopback port. `requests` are the Range headers it saw, "" where there was none. */
export const serve = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: string[] }> => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers.range ?? "")
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}/file`, requests }
}

/** Answers as a good file server does: whole, or the range that was asked for. */
export const sendFile = (content: Uint8Array, request: IncomingMessage, response: ServerResponse): void => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0)
  const headers = { "content-length": content.byteLength - from }
  if (from === 0) response.writeHead(200, headers)
  else {
    const range = `bytes ${from}-${content.byteLength - 1}/${content.byteLength}`
    response.writeHead(206, { ...headers, "content-range": range })
  }
  response.end(content.subarray(from))
}

/** Runs a pull of every model of `manifest`, accepting any licence unless told otherwise. */
export const pull = async (
  manifest: Manifest,
  directory: string,
  options: Partial<PullRequest> & { readonly signal?: AbortSignal } = {},
) => {
  const events: PullEvent[] = []
  const effect = pullModels({
    manifest,
    models: manifest.models,
    directory,
    offline: false,
    accept: () => Promise.resolve(true),
    report: (event) => events.push(event),
    ...options,
  })
  const exit = await Effect.runPromiseExit(effect, options.signal && { signal: options.signal })
  return { exit, events }
}
