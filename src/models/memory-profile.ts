import { totalmem } from "node:os"
import type { Config } from "../config/definition.ts"
import type { LedgerSettings } from "../machines/residency/residency-types.ts"
import type { ModelClass, Placement, Tenant, Variant } from "../ports/residency.ts"

/** What the ledger is to know of a model before it was ever measured. */
export type ModelMemory = Pick<Tenant, "modelClass" | "pinned" | "variants">

/** Declared figures in MiB, of the whole process on the processor, and what a load takes. */
interface Declared {
  readonly cpuMib: number
  /** Absent where the engine cannot run there. */
  readonly gpuMib?: number
  readonly loadMs: number
}

/**
 * On the processor: measured here, rounded up. On the GPU: speech to text and the voice as the first prototype had them
 * there (1080 and 360 MiB), since ours was never measured on one.
 */
const DECLARED: readonly (readonly [id: RegExp, declared: Declared])[] = [
  [/^listener$/, { cpuMib: 70, loadMs: 400 }],
  [/^file-listener$/, { cpuMib: 16, loadMs: 200 }],
  [/^wyoming$/, { cpuMib: 300, gpuMib: 1080, loadMs: 1500 }],
  [/^stt-/, { cpuMib: 160, gpuMib: 1080, loadMs: 500 }],
  [/^tts-kokoro-/, { cpuMib: 420, gpuMib: 360, loadMs: 2400 }],
  [/^tts-/, { cpuMib: 300, gpuMib: 360, loadMs: 1400 }],
  [/^llm-/, { cpuMib: 280, loadMs: 1500 }],
]
/** A model that nobody knows anything of. */
const UNKNOWN: Declared = { cpuMib: 500, loadMs: 2000 }

/** What `jett-qwen3` took on the prototype's GPU with 2048 tokens of context. */
export const PROTOTYPE_LLM_MIB = 5280

export type Profile = Exclude<Config["memory"]["profile"], "auto">

/** The configured profile; `auto` goes by whether there is a GPU. */
export const profileOf = ({ memory }: Config, hasGpu: boolean): Profile => {
  if (memory.profile !== "auto") return memory.profile
  return hasGpu ? "lean" : "cpu"
}

/** Best first; what follows are the rungs of the ladder of degradation. */
const PLACEMENTS: Readonly<Record<Profile, Readonly<Record<"speech" | "llm", readonly Placement[]>>>> = {
  prototype: { speech: ["gpu", "cpu"], llm: ["gpu"] },
  lean: { speech: ["cpu"], llm: ["gpu"] },
  cpu: { speech: ["cpu"], llm: ["cpu"] },
}

/** Where the ledger is to count a model of Ollama's. */
export const llmPlacement = (profile: Profile): Placement => PLACEMENTS[profile].llm[0] ?? "cpu"

/** One of our own models. The listener stays whatever happens: without it nobody can be heard. */
export const memoryOf = (
  profile: Profile,
  { modelId, modelClass }: { readonly modelId: string; readonly modelClass: ModelClass },
): ModelMemory => {
  const { cpuMib, gpuMib, loadMs } = DECLARED.find(([id]) => id.test(modelId))?.[1] ?? UNKNOWN
  const isSpeech = modelClass === "stt" || modelClass === "tts"
  const wanted = isSpeech ? PLACEMENTS[profile].speech : (["cpu"] as const)
  const variants = wanted.flatMap((placement): readonly Variant[] => {
    const declaredMib = placement === "gpu" ? gpuMib : cpuMib
    if (declaredMib === undefined) return []
    return [{ footprintKey: `${modelId}@${placement}`, placement, declaredMib, reloadMs: loadMs }]
  })
  return { modelClass, pinned: modelClass === "wake", variants }
}

/** A Wyoming server of our own: it is where its command puts it, whatever the profile says, and cannot move. */
export const wyomingMemory = (modelId: string, command: string): ModelMemory => {
  const placement = /\bcuda\b/.test(command) ? "gpu" : "cpu"
  const { variants, ...memory } = memoryOf("prototype", { modelId, modelClass: "stt" })
  return { ...memory, variants: variants.filter((variant) => variant.placement === placement) }
}

const RAM_SHARE = 0.75
const MIB = 2 ** 20

/** What models on the processor may take together: as configured, or a share of the machine's memory. */
export const ramBudgetMib = ({ memory }: Config): number =>
  memory.ramMib > 0 ? memory.ramMib : Math.floor((RAM_SHARE * totalmem()) / MIB)

/** The ledger's settings as they are configured. */
export const ledgerSettings = (config: Config): Partial<LedgerSettings> => {
  const { memory } = config
  const idleMs = memory.idleMinutes * 60_000
  return {
    totalMib: memory.gpuTotalMib,
    reserveMib: memory.gpuReserveMib,
    headroomMib: memory.gpuHeadroomMib,
    ramMib: ramBudgetMib(config),
    unloadAfterMs: { stt: idleMs, llm: idleMs, tts: idleMs, background: Math.min(idleMs, 60_000) },
  }
}
