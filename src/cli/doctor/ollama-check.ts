import type { Config } from "../../config/definition.ts"
import { hasModel, lookForOllama, ollamaCommand } from "../ollama.ts"
import { type Check, fail, ok, warn } from "./check.ts"

export function ollamaCheck(config: Config, look = lookForOllama): Check {
  return {
    id: "llm.ollama",
    run: async () => {
      const { provider, ollamaModel } = config.llm
      if (provider === "embedded" || provider === "none") return ok(`not used: llm.provider is ${provider}`)
      const report = provider === "ollama" ? fail : warn
      const found = await look(config)
      switch (found.type) {
        case "not-allowed":
          return report(
            `${found.url} is not on this machine, and privacy.allow_remote_llm is false`,
            "set llm.ollama_url to this machine, or privacy.allow_remote_llm = true",
          )
        case "unreachable":
          return report(
            `no Ollama at ${found.url} (${found.reason})`,
            "start Ollama, or set llm.provider to embedded",
          )
        case "found":
          return hasModel(found.models, ollamaModel)
            ? ok(`${found.url} has ${ollamaModel}`)
            : report(`${found.url} has no model ${ollamaModel}`, `run ${ollamaCommand(ollamaModel)}`)
      }
    },
  }
}
