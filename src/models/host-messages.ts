import type { EngineName, EngineOptions, FromHost, HostErrorCode, ToHost } from "../ports/host-protocol.ts"
import type { Placement } from "../ports/residency.ts"

/**
 * The schema of the host protocol, written by hand: it runs in every host, where loading a schema library would cost
 * more memory and start-up time than the rest of the host.
 *
 * Both parsers rebuild the message field by field and answer undefined for anything else.
 */
export const parseToHost = (value: unknown): ToHost | undefined => {
  if (!isRecord(value)) return undefined
  const { type, id, model, engine, input, options: rawOptions } = value
  if (type === "shutdown") return { type }
  if (!isId(id)) return undefined
  switch (type) {
    case "ping":
    case "cancel":
      return { type, id }
    case "unload":
      return isName(model) ? { type, id, model } : undefined
    case "infer":
      return isName(model) ? { type, id, model, input } : undefined
    case "load": {
      const options = parseOptions(rawOptions)
      return isName(model) && isEngineName(engine) && options !== undefined
        ? { type, id, model, engine, options }
        : undefined
    }
    default:
      return undefined
  }
}

export const parseFromHost = (value: unknown): FromHost | undefined => {
  if (!isRecord(value)) return undefined
  const {
    type,
    id,
    pid,
    protocol,
    loadMs,
    notice,
    placement,
    inferenceMs,
    code,
    message,
    value: content,
  } = value
  if (type === "hello") return isId(pid) && protocol === 1 ? { type, pid, protocol } : undefined
  if (!isId(id)) return undefined
  switch (type) {
    case "pong":
    case "unloaded":
      return { type, id }
    case "loaded":
      if (!isDuration(loadMs)) return undefined
      if (notice !== undefined && typeof notice !== "string") return undefined
      if (placement !== undefined && !isPlacement(placement)) return undefined
      return {
        type,
        id,
        loadMs,
        ...(notice !== undefined && { notice: notice.slice(0, MAX_MESSAGE_CHARS) }),
        ...(placement !== undefined && { placement }),
      }
    case "chunk":
      return { type, id, value: content }
    case "done":
      return isDuration(inferenceMs) ? { type, id, value: content, inferenceMs } : undefined
    case "failed":
      return isErrorCode(code) && typeof message === "string"
        ? { type, id, code, message: message.slice(0, MAX_MESSAGE_CHARS) }
        : undefined
    default:
      return undefined
  }
}

const MAX_NAME_CHARS = 200
const MAX_MESSAGE_CHARS = 500

const ENGINE_NAMES: ReadonlySet<string> = new Set<EngineName>([
  "listener",
  "moonshine",
  "piper",
  "kokoro",
  "llama",
])

const ERROR_CODES: ReadonlySet<string> = new Set<HostErrorCode>([
  "bad-input",
  "not-loaded",
  "load-failed",
  "inference-failed",
  "cancelled",
  "busy",
])

const parseOptions = (value: unknown): EngineOptions | undefined => {
  if (!isRecord(value)) return undefined
  const { files, sha256, threads, parameters } = value
  if (!isStringRecord(files) || !isStringRecord(sha256)) return undefined
  if (typeof threads !== "number" || !Number.isInteger(threads) || threads < 1) return undefined
  if (parameters === undefined) return { files, sha256, threads }
  return isParameters(parameters) ? { files, sha256, threads, parameters } : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const isStringRecord = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((item) => typeof item === "string")

const isParameters = (value: unknown): value is Record<string, string | number | boolean> =>
  isRecord(value) &&
  Object.values(value).every((item) => ["string", "number", "boolean"].includes(typeof item))

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isDuration = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= MAX_NAME_CHARS

export const isEngineName = (value: unknown): value is EngineName =>
  typeof value === "string" && ENGINE_NAMES.has(value)

const isPlacement = (value: unknown): value is Placement => value === "gpu" || value === "cpu"

const isErrorCode = (value: unknown): value is HostErrorCode =>
  typeof value === "string" && ERROR_CODES.has(value)
