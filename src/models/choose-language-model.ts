import * as Effect from "effect/Effect"
import type { LanguageModel, LanguageModelChoice } from "../ports/language-model.ts"
import type { ModelFailure } from "../ports/models.ts"
import { makeOllamaModel } from "./ollama.ts"
import type { OllamaModelOptions } from "./ollama-calls.ts"
import { creationCommand } from "./ollama-failure.ts"
import { isSameModel, type OllamaServer, ollamaServer } from "./ollama-server.ts"
import { checkEndpoint, type EndpointRules, hasCloudName } from "./remote-endpoint.ts"

export interface LanguageModelWishes {
  readonly ollama: { readonly enabled: boolean; readonly url: string; readonly model: string }
  readonly privacy: { readonly allowRemoteLlm: boolean }
  /** How an Ollama model is used once one is chosen. */
  readonly settings: Omit<OllamaModelOptions, "server" | "model" | "capabilities">
  /** Makes the model that was chosen. Default: one without a lease and without a watch over it. */
  readonly openOllama?: ((options: OllamaModelOptions) => Effect.Effect<LanguageModel>) | undefined
  /** Absent where it is not installed or not wanted. */
  readonly embedded: LanguageModel | undefined
  readonly lookup?: EndpointRules["lookup"]
  /** A stand-in is never larger on disk: the model of the 8 GB machine has 5 GiB. */
  readonly mostStandInBytes?: number | undefined
}

const MOST_STAND_IN_BYTES = 6 * 1024 ** 3
const ALLOW = "set privacy.allow_remote_llm = true if what you say may leave this machine"
const TINY = "Answers come from a tiny built-in model; use Ollama for real answers."
const PHRASES_ONLY = "There is no language model, so only fixed phrases are understood."

/**
 * Which model answers: Ollama with the configured model; else Ollama with an installed model that can call tools; else
 * the embedded one; else none. Whatever is less than what was configured says so in `notice`, with the way to mend it.
 * With Ollama's comes the embedded one, which answers while there is no memory for it.
 * Nothing is sent to an address that is not on this machine, nor to a cloud model, unless that is allowed. Never fails.
 */
export const chooseLanguageModel = (wishes: LanguageModelWishes): Effect.Effect<LanguageModelChoice> => {
  const { ollama, embedded } = wishes
  const fallBack = (why: string): LanguageModelChoice =>
    embedded === undefined
      ? { type: "none", notice: join(why, PHRASES_ONLY) }
      : { type: "chosen", model: embedded, notice: join(why, TINY) }
  if (!ollama.enabled) return Effect.succeed(fallBack(""))
  return fromOllama(wishes).pipe(
    Effect.map((found) => (typeof found === "string" ? fallBack(found) : { ...found, standIn: embedded })),
    Effect.catch(({ message }) => Effect.succeed(fallBack(message))),
  )
}

/** A choice, or why Ollama offers none. */
const fromOllama = (
  wishes: LanguageModelWishes,
): Effect.Effect<LanguageModelChoice | string, { readonly message: string }> =>
  Effect.gen(function* () {
    const { ollama, privacy, lookup } = wishes
    const url = yield* checkEndpoint(ollama.url, { allowRemote: privacy.allowRemoteLlm, lookup })
    const server = ollamaServer(url)
    const installed = yield* server.installed

    const lacking = installed.some(({ name }) => isSameModel(name, ollama.model))
      ? undefined
      : `Ollama has no model "${ollama.model}"; create it with: ${creationCommand(ollama.model)}`
    const refused = lacking ?? (yield* cloudRefusal(wishes, server))
    if (refused === undefined) return yield* use(wishes, server, ollama.model)

    const standIn = yield* findStandIn(wishes, server, installed)
    if (standIn === undefined) return sentence(refused)
    const choice = yield* use(wishes, server, standIn)
    return { ...choice, notice: join(sentence(refused), `Until then ${standIn} answers.`) }
  })

const use = (
  { settings, openOllama = openUnwatched }: LanguageModelWishes,
  server: OllamaServer,
  model: string,
): Effect.Effect<Extract<LanguageModelChoice, { type: "chosen" }>, ModelFailure> =>
  Effect.gen(function* () {
    const { capabilities } = yield* server.details(model)
    return { type: "chosen", model: yield* openOllama({ ...settings, server, model, capabilities }) }
  })

const openUnwatched = (options: OllamaModelOptions): Effect.Effect<LanguageModel> =>
  Effect.sync(() => makeOllamaModel(options))

const cloudRefusal = (
  { ollama, privacy }: LanguageModelWishes,
  server: OllamaServer,
): Effect.Effect<string | undefined, ModelFailure> =>
  Effect.gen(function* () {
    if (privacy.allowRemoteLlm) return undefined
    const isCloud = hasCloudName(ollama.model) || (yield* server.details(ollama.model)).isCloud
    return isCloud
      ? `"${ollama.model}" runs in the cloud, although Ollama is local, and was refused; ${ALLOW}, or choose a local model`
      : undefined
  })

/** The largest installed local model that can call tools and is not too large; asked one after the other. */
const findStandIn = (
  { ollama, mostStandInBytes = MOST_STAND_IN_BYTES }: LanguageModelWishes,
  server: OllamaServer,
  installed: readonly { readonly name: string; readonly sizeBytes: number }[],
): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const candidates = installed
      .filter(({ name, sizeBytes }) => sizeBytes <= mostStandInBytes && !isSameModel(name, ollama.model))
      .toSorted((one, other) => other.sizeBytes - one.sizeBytes)
    for (const { name } of candidates) {
      const details = yield* Effect.option(server.details(name))
      if (details._tag === "None") continue
      const { capabilities, isCloud } = details.value
      if (!isCloud && capabilities.includes("tools") && capabilities.includes("completion")) return name
    }
    return undefined
  })

const sentence = (text: string): string => (text.endsWith(".") ? text : `${text}.`)

const join = (...sentences: readonly string[]): string => sentences.filter((each) => each !== "").join(" ")
