import type { Config } from "../config/definition.ts"
import type { Actions } from "../ports/assistant.ts"

/** The guard alone, for one command; a test puts its own in its place. */
export type OpenActions = (
  config: Config,
) => Promise<Pick<Actions, "callTool" | "answerQuestion"> & { close(): Promise<void> }>

/** The composition root's own, loaded when it is first needed. */
export const openActions: OpenActions = async (config) => (await import("../main.ts")).openActions(config)
