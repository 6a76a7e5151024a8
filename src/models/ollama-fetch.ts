import { isRecord } from "../platform/is-record.ts"

/** Ollama answered with an HTTP error. The text it sent along stays out: it can repeat what was said. */
export class OllamaHttpError extends Error {
  readonly status: number
  readonly kind: OllamaErrorKind

  constructor(status: number, text: string) {
    super(`Ollama answered with HTTP ${status}`)
    this.name = "OllamaHttpError"
    this.status = status
    this.kind = status === 404 ? "missing" : errorKind(text)
  }
}

/** What came is not a line of JSON, or has no end. */
export class OllamaGarbage extends Error {
  override readonly name = "OllamaGarbage"
}

export type OllamaErrorKind = "missing" | "memory" | "runner" | "other"

/** What an error text of Ollama's is about. Sources: ollama 0.9 to 0.33, `server/routes.go`, `llm/server.go`. */
export const errorKind = (text: string): OllamaErrorKind => {
  if (/not found|try pulling/i.test(text)) return "missing"
  if (/memory|cuda|vram/i.test(text)) return "memory"
  if (/runner|terminated|EOF|connection/i.test(text)) return "runner"
  return "other"
}

const MOST_LINE_CHARACTERS = 1_048_576
const MOST_ERROR_CHARACTERS = 4_096

/**
 * A `fetch` for the client library, for one call: it ends with `signal`, follows no redirect (one could lead off this
 * machine), and lets only whole lines of JSON through. The library would print the others, which hold the model's words,
 * and would print to stdout on an HTTP error.
 */
export const ollamaFetch =
  (signal: AbortSignal): typeof fetch =>
  async (input, init) => {
    const own = init?.signal
    const response = await fetch(input, {
      ...init,
      redirect: "error",
      signal: own ? AbortSignal.any([own, signal]) : signal,
    })
    if (!response.ok) {
      const text = await response.text().catch(() => "")
      throw new OllamaHttpError(response.status, text.slice(0, MOST_ERROR_CHARACTERS))
    }
    if (response.body === null) return response
    return new Response(response.body.pipeThrough(jsonLines()), {
      status: response.status,
      headers: response.headers,
    })
  }

const jsonLines = (): TransformStream<Uint8Array, Uint8Array> => {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ""
  const passOn = (controller: TransformStreamDefaultController<Uint8Array>, line: string): void => {
    if (line.trim() === "") return
    if (!isJsonObject(line)) throw new OllamaGarbage("Ollama sent something that is not JSON")
    controller.enqueue(encoder.encode(`${line}\n`))
  }
  return new TransformStream({
    transform(bytes, controller) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      if (rest.length > MOST_LINE_CHARACTERS) throw new OllamaGarbage("Ollama sent a line without an end")
      for (const line of lines) passOn(controller, line)
    },
    flush(controller) {
      passOn(controller, rest + decoder.decode())
    },
  })
}

const isJsonObject = (line: string): boolean => {
  try {
    return isRecord(JSON.parse(line))
  } catch {
    return false
  }
}
