import type { Config } from "../../config/definition.ts"
import { type Environment, modelsFolder } from "../../config/paths.ts"
import { loadManifest } from "../../models/manifest.ts"
import { fileState } from "../../models/store.ts"
import { type Check, type Finding, fail, ok, warn } from "./check.ts"

/** A model that the configuration uses; without an optional one Jett works all the same. */
export interface WantedModel {
  readonly id: string
  readonly optional: boolean
}

export function wantedModels(config: Config): readonly WantedModel[] {
  const { wake, stt, tts, llm } = config
  const speech = tts.engine === "kokoro" ? "tts-kokoro-82m-int8" : (tts.voice ?? "tts-piper-joe-medium")
  const hearing = stt.engine === "moonshine" ? [stt.model] : []
  const wanted: WantedModel[] = [wake.model, "vad-silero", ...hearing, speech].map((id) => ({
    id,
    optional: false,
  }))
  if (llm.provider === "embedded") wanted.push({ id: llm.embeddedModel, optional: false })
  if (llm.provider === "auto") wanted.push({ id: llm.embeddedModel, optional: true })
  return wanted
}

/** One check for each model that the configuration uses, hashes included. */
export function modelChecks(config: Config, env: Environment): readonly Check[] {
  const folder = modelsFolder(config, env)
  return wantedModels(config).map(({ id, optional }) => ({
    id: `models.${id}`,
    timeoutMs: 60_000,
    run: async (signal) => {
      const model = loadManifest().models.find((listed) => listed.id === id)
      if (model === undefined) {
        return fail(`${id} is not in the list of models`, "run jett models ls for those there are")
      }
      const bad: string[] = []
      for (const file of model.files) {
        const state = await fileState(folder, model, file, { hash: true, signal })
        if (state !== "ok") bad.push(`${file.name} ${state}`)
      }
      return modelFinding(id, bad, optional, folder)
    },
  }))
}

export function modelFinding(id: string, bad: readonly string[], optional: boolean, folder: string): Finding {
  if (bad.length === 0) return ok("present, hashes right")
  const report = optional ? warn : fail
  return report(`in ${folder}: ${bad.join(", ")}`, `run jett models pull ${id}`)
}
