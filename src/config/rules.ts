import type { ConfigProblem } from "./config-error.ts"
import { type Config, namedSettings, sectionDefinitions, tableDefinitions } from "./definition.ts"
import { dockerConflicts, dockerWarnings } from "./docker-rules.ts"
import type { Environment } from "./paths.ts"
import { suggest } from "./suggest.ts"

/** What is wrong between settings that are each right. `at` says where a key was set. */
export function conflictsOf(config: Config, at: (key: string) => string): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const { phraseMs, silenceMs, maxUtteranceMs } = config.endpointing
  if (phraseMs > silenceMs) {
    problems.push({
      key: "endpointing.phrase_ms",
      message: `${at("endpointing.phrase_ms")}: endpointing.phrase_ms is ${phraseMs}; expected at most endpointing.silence_ms, which is ${silenceMs}. Fix: lower the first or raise the second.`,
    })
  }
  if (silenceMs >= maxUtteranceMs) {
    problems.push({
      key: "endpointing.max_utterance_ms",
      message: `${at("endpointing.max_utterance_ms")}: endpointing.max_utterance_ms is ${maxUtteranceMs}; expected more than endpointing.silence_ms, which is ${silenceMs}. Fix: raise it.`,
    })
  }
  const { maxReplyTokens, numCtx } = config.llm
  if (maxReplyTokens * 2 > numCtx) {
    problems.push({
      key: "llm.max_reply_tokens",
      message: `${at("llm.max_reply_tokens")}: llm.max_reply_tokens is ${maxReplyTokens}; expected at most half of llm.num_ctx, which is ${numCtx}, so that a prompt fits. Fix: lower it or raise llm.num_ctx.`,
    })
  }
  const { gpuTotalMib, gpuReserveMib, gpuHeadroomMib } = config.memory
  if (gpuTotalMib > 0 && gpuReserveMib + gpuHeadroomMib >= gpuTotalMib) {
    problems.push({
      key: "memory.gpu_total_mib",
      message: `${at("memory.gpu_total_mib")}: memory.gpu_total_mib is ${gpuTotalMib}; expected more than memory.gpu_reserve_mib and memory.gpu_headroom_mib together, which are ${gpuReserveMib + gpuHeadroomMib}. Fix: lower those, or set it to 0 where there is no GPU.`,
    })
  }
  return [...problems, ...dockerConflicts(config, at)]
}

/** Variables of ours that are not settings. */
const otherVariables = new Set(["JETT_CONFIG", "JETT_ACCEPT_LICENCES"])

/** What is allowed but probably not meant. */
export function configWarnings(config: Config, env: Environment): readonly string[] {
  const warnings: string[] = [...dockerWarnings(config)]
  const { ollamaUrl, provider } = config.llm
  const usesOllama = provider === "auto" || provider === "ollama"
  if (usesOllama && !isLoopback(ollamaUrl) && !config.privacy.allowRemoteLlm) {
    warnings.push(
      `llm.ollama_url (${ollamaUrl}) is not on this machine and will be refused; set privacy.allow_remote_llm = true if what you say may go there.`,
    )
  }
  const { engine, wyomingUrl } = config.stt
  const { allowRemoteStt } = config.privacy
  const isElsewhere = !wyomingUrl.startsWith("unix:") && !isLoopback(wyomingUrl)
  if (engine === "wyoming" && isElsewhere && !allowRemoteStt) {
    warnings.push(
      `stt.wyoming_url (${wyomingUrl}) is not on this machine and will be refused; set privacy.allow_remote_stt = true if what you say may go there.`,
    )
  }
  if (allowRemoteStt) {
    warnings.push("privacy.allow_remote_stt = true: the sound of what you say may leave this machine.")
  }
  if (config.privacy.allowRemoteLlm) {
    warnings.push("privacy.allow_remote_llm = true: what you say may leave this machine.")
  }
  const known = new Set(namedSettings.map((named) => named.env))
  for (const [name, section] of sectionDefinitions) {
    if (section.shorthand !== undefined) known.add(`JETT_${name.toUpperCase()}`)
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("JETT_") || known.has(variable) || otherVariables.has(variable)) continue
    const table = [...tableDefinitions.keys()].find((name) =>
      variable.startsWith(`JETT_${name.toUpperCase()}_`),
    )
    if (table !== undefined) {
      warnings.push(`${variable} is not a setting: [${table}.NAME] is read from the file alone.`)
      continue
    }
    // Only a near miss is worth a word: other programs of ours have variables too.
    const near = suggest(variable, known)
    if (near !== undefined) warnings.push(`${variable} is not a setting; did you mean ${near}?`)
  }
  return warnings
}

/** True for 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
