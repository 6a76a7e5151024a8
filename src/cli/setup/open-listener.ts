import type { Config } from "../../config/definition.ts"
import type { Listener } from "../../ports/speech.ts"

export interface OpenedListener {
  readonly listener: Listener
  close(): Promise<void>
}

/** Starts the wake-word host alone. Rejects with ModelFailure where its model is missing. */
export type OpenListener = (config: Config) => Promise<OpenedListener>

/** The composition root's own, loaded when it is first needed. */
export const openListener: OpenListener = async (config) =>
  (await import("../../main.ts")).openListener(config)
