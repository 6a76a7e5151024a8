import type { AssistantStatus, PartStatus, ProcessRow } from "../ports/assistant.ts"
import { isRecord } from "./control-protocol.ts"

/** The daemon's answer to `status`, checked; undefined where it is something else. */
export function readStatus(value: unknown): AssistantStatus | undefined {
  if (!isRecord(value)) return undefined
  const { state, muted, parts, languageModel, notices } = value
  if (typeof state !== "string" || typeof muted !== "boolean") return undefined
  return {
    state,
    muted,
    parts: list(parts, readPart),
    languageModel: typeof languageModel === "string" ? languageModel : null,
    notices: list(notices, (notice) => (typeof notice === "string" ? notice : undefined)),
  }
}

/** The daemon's answer to `ps`, checked. */
export function readProcesses(value: unknown): readonly ProcessRow[] {
  return list(isRecord(value) ? value["processes"] : undefined, readProcess)
}

function readPart(value: unknown): PartStatus | undefined {
  if (!isRecord(value)) return undefined
  const { id, state, detail } = value
  const known = (["starting", "ok", "degraded", "failed", "off"] as const).find((name) => name === state)
  if (typeof id !== "string" || known === undefined) return undefined
  return { id, state: known, ...(typeof detail === "string" ? { detail } : {}) }
}

function readProcess(value: unknown): ProcessRow | undefined {
  if (!isRecord(value)) return undefined
  const { id, pid, state, models, restarts, uptimeMs } = value
  if (typeof id !== "string" || typeof pid !== "number" || typeof state !== "string") return undefined
  return {
    id,
    pid,
    state,
    models: list(models, (model) => (typeof model === "string" ? model : undefined)),
    restarts: typeof restarts === "number" ? restarts : 0,
    uptimeMs: typeof uptimeMs === "number" ? uptimeMs : 0,
  }
}

function list<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] {
  if (!Array.isArray(value)) return []
  return value.map(read).filter((item) => item !== undefined)
}
