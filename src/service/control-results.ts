import { isRecord } from "../platform/is-record.ts"
import type { AssistantStatus, ModelRow, ModelsStatus, PartStatus, ProcessRow } from "../ports/assistant.ts"
import type { PoolSnapshot } from "../ports/residency.ts"

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

/** The processes in the daemon's answer to `ps`, checked. */
export function readProcesses(value: unknown): readonly ProcessRow[] {
  return list(isRecord(value) ? value["processes"] : undefined, readProcess)
}

/** The models and the memory in the daemon's answer to `ps`, checked; a daemon of an earlier version tells of neither. */
export function readModels(value: unknown): ModelsStatus {
  const { models, pools } = isRecord(value) ? value : {}
  const { gpu, cpu } = isRecord(pools) ? { gpu: readPool(pools["gpu"]), cpu: readPool(pools["cpu"]) } : {}
  return {
    models: list(models, readModel),
    pools: gpu === undefined || cpu === undefined ? null : { gpu, cpu },
  }
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
    restarts: numberOr(0, restarts),
    uptimeMs: numberOr(0, uptimeMs),
  }
}

const modelStates = ["unloaded", "admitting", "loading", "ready", "busy", "unloading", "failed"] as const

function readModel(value: unknown): ModelRow | undefined {
  if (!isRecord(value)) return undefined
  const { id, placement, variant, inUse, pinned } = value
  const state = modelStates.find((name) => name === value["state"])
  if (typeof id !== "string" || state === undefined) return undefined
  return {
    id,
    state,
    placement: placement === "gpu" || placement === "cpu" ? placement : null,
    variant: typeof variant === "string" ? variant : null,
    committedMib: numberOr(0, value["committedMib"]),
    declaredMib: numberOr(null, value["declaredMib"]),
    measuredMib: numberOr(null, value["measuredMib"]),
    leases: numberOr(0, value["leases"]),
    inUse: inUse === true,
    pinned: pinned === true,
  }
}

function readPool(value: unknown): PoolSnapshot | undefined {
  if (!isRecord(value)) return undefined
  const { budgetMib, committedMib, foreignMib, overcommitted } = value
  if (typeof budgetMib !== "number" || typeof committedMib !== "number") return undefined
  return {
    budgetMib,
    committedMib,
    foreignMib: numberOr(null, foreignMib),
    overcommitted: overcommitted === true,
  }
}

const numberOr = <T>(otherwise: T, value: unknown): number | T =>
  typeof value === "number" ? value : otherwise

function list<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] {
  if (!Array.isArray(value)) return []
  return value.map(read).filter((item) => item !== undefined)
}
