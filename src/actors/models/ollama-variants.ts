import { type ContextWishes, contextsToTry } from "../../machines/model/partial-offload.ts"
import type { Variant } from "../../ports/residency.ts"

/** Keys and values of one token in Qwen3 8B at f16: 36 layers, 8 heads of 128. Others of its size take about as much. */
export const MIB_PER_TOKEN = 144 / 1024

/** Names what is measured: a model takes another amount of memory with another context. */
export const footprintKeyOf = (model: string, contextTokens: number): string =>
  `ollama/${model}?num_ctx=${contextTokens}`

/**
 * The contexts that a model may be loaded with, as rungs of the ledger's ladder. `weightsMib` is what the model takes
 * without any context.
 */
export const ollamaVariants = (
  options: ContextWishes & { readonly model: string },
  { weightsMib, placement }: { readonly weightsMib: number; readonly placement: Variant["placement"] },
): readonly Variant[] =>
  contextsToTry(options).map((tokens) => ({
    footprintKey: footprintKeyOf(options.model, tokens),
    placement,
    declaredMib: Math.ceil(weightsMib + tokens * MIB_PER_TOKEN),
    reloadMs: RELOAD_MS_PER_MIB * weightsMib,
  }))

/** A disk that is read at 1 GiB a second. */
const RELOAD_MS_PER_MIB = 1000 / 1024
