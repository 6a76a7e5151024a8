import type { Config } from "../config/definition.ts"
import type { Assistant, OpenAssistantOptions } from "../ports/assistant.ts"

/** Builds an assistant; what `src/main.ts` exports, and what a test puts in its place. */
export type OpenAssistant = (config: Config, options: OpenAssistantOptions) => Promise<Assistant>

/** The composition root's own, loaded when it is first needed. */
export const openAssistant: OpenAssistant = async (config, options) =>
  (await import("../main.ts")).openAssistant(config, options)
