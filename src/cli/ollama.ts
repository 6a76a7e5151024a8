import type { Config } from "../config/definition.ts"
import { isLoopback } from "../config/rules.ts"
import { isRecord } from "../platform/is-record.ts"
import { messageOf } from "./failure.ts"

/** What a look at Ollama found. Nothing is asked of an address that the configuration does not allow. */
export type OllamaLook =
  | { readonly type: "not-allowed"; readonly url: string }
  | { readonly type: "unreachable"; readonly url: string; readonly reason: string }
  | { readonly type: "found"; readonly url: string; readonly models: readonly string[] }

const LOOK_MS = 2_000

/** Asks Ollama for its models. Never rejects. */
export async function lookForOllama(config: Config): Promise<OllamaLook> {
  const url = config.llm.ollamaUrl
  if (!isLoopback(url) && !config.privacy.allowRemoteLlm) return { type: "not-allowed", url }
  try {
    // A redirect could lead off this machine.
    const response = await fetch(new URL("/api/tags", url), {
      redirect: "error",
      signal: AbortSignal.timeout(LOOK_MS),
    })
    if (!response.ok) return { type: "unreachable", url, reason: `it answered ${response.status}` }
    return { type: "found", url, models: modelNames(await response.json()) }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { type: "unreachable", url, reason: messageOf(cause) }
  }
}

function modelNames(answer: unknown): readonly string[] {
  const models: unknown = isRecord(answer) ? answer["models"] : undefined
  if (!Array.isArray(models)) return []
  return models.map((model: unknown) => (isRecord(model) ? model["name"] : undefined)).filter(isText)
}

const isText = (value: unknown): value is string => typeof value === "string"

/** Ollama adds `:latest` to a name without a tag. */
export function hasModel(models: readonly string[], wanted: string): boolean {
  return models.some((name) => name === wanted || name === `${wanted}:latest`)
}

/** The command that puts a model where Ollama finds it. */
export function ollamaCommand(model: string): string {
  return model === "jett-qwen3" ? "ollama create jett-qwen3 -f models/Modelfile" : `ollama pull ${model}`
}
