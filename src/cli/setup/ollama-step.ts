import type { Config } from "../../config/definition.ts"
import { loadConfig } from "../../config/load-config.ts"
import { hasModel, ollamaCommand } from "../ollama.ts"
import { switchOption, textOption } from "../options.ts"
import type { SetupRun } from "./step.ts"

/** Looks for Ollama and its models; says the exact command where the model is missing. */
export async function findOllama(run: SetupRun): Promise<void> {
  const { context, edits, probes } = run
  const url = textOption(context.options, "ollamaUrl")
  const model = textOption(context.options, "ollamaModel")
  if (url !== undefined) edits.set("llm.ollama_url", url)
  if (model !== undefined) edits.set("llm.ollama_model", model)
  if (switchOption(context.options, "skipOllama")) return
  const config = withFlags(run, url)
  const found = await probes.ollama(config)
  switch (found.type) {
    case "not-allowed":
      context.io.note(`${found.url} is not on this machine: not asked (privacy.allow_remote_llm is false)\n`)
      return
    case "unreachable":
      context.io.note(`no Ollama at ${found.url} (${found.reason}): the small embedded model will answer\n`)
      return
    case "found":
      context.io.note(`Ollama at ${found.url}, ${found.models.length} models\n`)
      return chooseModel(run, found.models, model)
  }
}

/** The configuration with the address of the flag, checked like any other. */
function withFlags({ context, loaded }: SetupRun, url: string | undefined): Config {
  if (url === undefined) return loaded.config
  const overrides = new Map([...context.overrides, ["llm.ollama_url", url] as const])
  return loadConfig({ env: context.env, file: context.configFile, overrides, mayBeMissing: true }).config
}

async function chooseModel(
  run: SetupRun,
  models: readonly string[],
  given: string | undefined,
): Promise<void> {
  const { context, loaded, questions, edits } = run
  const wanted = given ?? loaded.config.llm.ollamaModel
  if (hasModel(models, wanted)) return
  context.io.note(`it has no ${wanted}; to get it: ${ollamaCommand(wanted)}\n`)
  if (given !== undefined || models.length === 0 || !questions.answered) return
  const labels = [`${wanted}, which I will install`, ...models]
  const index = await questions.choose("Which model is to answer?", labels, 0)
  const chosen = index === 0 ? undefined : models[index - 1]
  if (chosen !== undefined) edits.set("llm.ollama_model", chosen)
}
