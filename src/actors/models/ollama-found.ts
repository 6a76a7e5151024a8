import { contextsToTry } from "../../machines/model/partial-offload.ts"
import { ollamaPlacement } from "../../models/ollama-placement.ts"
import type { OllamaResident } from "../../models/ollama-server.ts"
import type { FoundModel, Variant } from "../../ports/residency.ts"
import type { OllamaLoadOptions } from "./ollama-load.ts"
import { footprintKeyOf } from "./ollama-variants.ts"

const MIB = 2 ** 20

/** What Ollama itself says that a model takes, in the memory that the ledger counts it in. */
export const residentMib = ({ vramBytes, sizeBytes }: OllamaResident, ledger: Variant["placement"]): number =>
  Math.ceil((ledger === "gpu" ? vramBytes : sizeBytes) / MIB)

/** A model that Ollama holds, whoever had it loaded, as the ledger wants to know it. */
export const foundInOllama = (
  options: OllamaLoadOptions & { readonly ledger: Variant["placement"] },
  resident: OllamaResident,
  expectsGpu: boolean,
): FoundModel => {
  const { model, ledger, contextTokens, processorOnly } = options
  // A server before 0.11 does not tell the context. The load makes it the right one, in the same memory.
  const tokens = resident.contextTokens ?? contextTokens
  const isOneOfOurs = contextsToTry(options).includes(tokens)
  const isMisplaced = processorOnly === true && resident.vramBytes > 0
  return {
    footprintKey: isOneOfOurs && !isMisplaced ? footprintKeyOf(model, tokens) : undefined,
    mib: residentMib(resident, ledger),
    partial: ollamaPlacement(resident, expectsGpu).type === "partial",
  }
}
