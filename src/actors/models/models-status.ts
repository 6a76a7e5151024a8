import type { ModelRow, ModelsStatus } from "../../ports/assistant.ts"
import type { LanguageModelChoice } from "../../ports/language-model.ts"
import type { ModelState } from "../../ports/models.ts"
import type { ResidencyRow, ResidencySnapshot } from "../../ports/residency.ts"

interface StateOfModel {
  readonly id: string
  readonly state: ModelState
}

/**
 * What is shown of the models: those whose state is known, in their order, then those that only the ledger knows of,
 * such as one of Ollama's that is being unloaded because another was chosen.
 */
export const modelsStatus = (
  states: readonly StateOfModel[],
  residency: ResidencySnapshot | undefined,
): ModelsStatus => {
  const rows = residency?.rows ?? []
  const known = new Set(states.map(({ id }) => id))
  const byModel = new Map(rows.map((row) => [row.model, row]))
  const shown = states.map(({ id, state }) => rowOf(id, state, byModel.get(id)))
  const others = rows
    .filter(({ model }) => !known.has(model))
    .map((row) => rowOf(row.model, stateOf(row), row))
  return { models: [...shown, ...others], pools: residency?.pools ?? null }
}

/** The state of each model, and of the language model that was chosen, where it has one of its own. */
export const statesOfModels = (
  own: readonly StateOfModel[],
  chosen: LanguageModelChoice | undefined,
): readonly StateOfModel[] => {
  const model = chosen?.type === "chosen" ? chosen.model : undefined
  const state = model?.state?.()
  return model === undefined || state === undefined ? own : [...own, { id: model.name, state }]
}

const rowOf = (id: string, state: ModelState, row: ResidencyRow | undefined): ModelRow => ({
  id,
  state,
  placement: row?.placement ?? null,
  variant: row?.variant ?? null,
  committedMib: row?.footprintMib ?? 0,
  declaredMib: row?.declaredMib ?? null,
  measuredMib: row?.measuredMib ?? null,
  leases: row?.leases ?? 0,
  inUse: row?.inUse ?? false,
  pinned: row?.pinned ?? false,
})

/** As much of its life as its memory tells. */
const stateOf = ({ state, inUse }: ResidencyRow): ModelState => {
  switch (state) {
    case "committed":
      return "loading"
    case "loaded":
      return inUse ? "busy" : "ready"
    case "releasing":
      return "unloading"
    case "waiting":
      return "admitting"
  }
}
