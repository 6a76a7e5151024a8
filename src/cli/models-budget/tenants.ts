import { voiceOf } from "../../actors/models/model-system.ts"
import { MIB_PER_TOKEN, ollamaVariants } from "../../actors/models/ollama-variants.ts"
import type { Config } from "../../config/definition.ts"
import type { TenantSpec } from "../../machines/residency/residency-types.ts"
import {
  llmPlacement,
  memoryOf,
  PROTOTYPE_LLM_MIB,
  type Profile,
  wyomingMemory,
} from "../../models/memory-profile.ts"
import { creationCommand } from "../../models/ollama-failure.ts"
import { isSameModel } from "../../models/ollama-server.ts"
import type { Placement } from "../../ports/residency.ts"
import type { BudgetLook } from "./look.ts"

/** The models of a spoken turn, in the order in which it needs them. */
export interface BudgetTenants {
  readonly known: readonly TenantSpec[]
  /** Ollama's model, where nobody says how large it is: no plan can be made for it. */
  readonly unknown: { readonly model: string; readonly placement: Placement } | undefined
  /** What the user should know about the choice of the language model. */
  readonly note: string | undefined
}

/** With how much context `jett-qwen3` took what it took on the prototype's GPU. */
const PROTOTYPE_CONTEXT_TOKENS = 2048
const PROTOTYPE_MODEL = "jett-qwen3"
const MIB = 2 ** 20

/** The memory of a Wyoming server that is not ours is another program's. */
export const budgetTenants = (
  config: Config,
  profile: Profile,
  installed: BudgetLook["ollama"],
): BudgetTenants => {
  const { llm, stt } = config
  const own = (model: string, modelId: string, modelClass: TenantSpec["modelClass"]): TenantSpec => ({
    model,
    ...memoryOf(profile, { modelId, modelClass }),
  })
  const { modelId: voice } = voiceOf(config)
  const recogniser =
    stt.engine === "moonshine"
      ? [own(stt.model, stt.model, "stt")]
      : stt.wyomingCommand === undefined
        ? []
        : [{ model: "wyoming", ...wyomingMemory("wyoming", stt.wyomingCommand) }]
  const language = languageModel(config, profile, installed)
  const embedded = language.type === "embedded" ? [own(llm.embeddedModel, llm.embeddedModel, "llm")] : []
  const weightsMib = language.type === "ollama" ? language.weightsMib : undefined
  const placement = llmPlacement(profile)
  return {
    known: [
      own("listener", "listener", "wake"),
      ...recogniser,
      ...embedded,
      ...(weightsMib === undefined ? [] : [ollamaTenant(config, weightsMib, placement)]),
      own(voice, voice, "tts"),
    ],
    unknown:
      language.type === "ollama" && weightsMib === undefined
        ? { model: llm.ollamaModel, placement }
        : undefined,
    note: language.type === "none" ? undefined : language.note,
  }
}

type PlannedModel =
  | { readonly type: "none" }
  | { readonly type: "embedded"; readonly note: string | undefined }
  | { readonly type: "ollama"; readonly weightsMib: number | undefined; readonly note: string | undefined }

/** The model that the assistant would choose, and what it takes, as the assistant would declare it. */
const languageModel = ({ llm }: Config, profile: Profile, installed: BudgetLook["ollama"]): PlannedModel => {
  if (llm.provider === "none") return { type: "none" }
  if (llm.provider === "embedded") return { type: "embedded", note: undefined }
  const name = llm.ollamaModel
  const isPrototypes = isSameModel(PROTOTYPE_MODEL, name)
  const assumedMib = isPrototypes ? PROTOTYPE_LLM_MIB - PROTOTYPE_CONTEXT_TOKENS * MIB_PER_TOKEN : undefined
  if (installed === undefined) {
    const silent = `Ollama does not answer at ${llm.ollamaUrl}`
    return llm.provider === "auto" && profile === "cpu"
      ? { type: "embedded", note: `${silent}, so the built-in model is planned for` }
      : { type: "ollama", weightsMib: assumedMib, note: `${silent}; planned as if it did` }
  }
  const found = installed.find((entry) => isSameModel(entry.name, name))
  return found === undefined
    ? {
        type: "ollama",
        weightsMib: assumedMib,
        note: `Ollama has no model ${name}; create it with: ${creationCommand(name)}`,
      }
    : { type: "ollama", weightsMib: found.sizeBytes / MIB, note: undefined }
}

const ollamaTenant = ({ llm }: Config, weightsMib: number, placement: Placement): TenantSpec => ({
  model: llm.ollamaModel,
  modelClass: "llm",
  pinned: false,
  variants: ollamaVariants(
    {
      model: llm.ollamaModel,
      contextTokens: llm.numCtx,
      replyTokens: llm.maxReplyTokens,
      partialOffload: llm.partialOffload,
    },
    { weightsMib, placement },
  ),
})
