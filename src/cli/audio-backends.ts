import * as Effect from "effect/Effect"
import type { Config } from "../config/definition.ts"
import type { AudioBackend, AudioDevice } from "../ports/audio.ts"

/** The back ends that work on this machine, best first. */
export type AvailableBackends = () => Promise<readonly AudioBackend[]>

export const availableBackends: AvailableBackends = async () =>
  (await import("../audio/backends.ts")).availableBackends()

/** The back end that the configuration asks for; undefined where it is not available. */
export function chooseBackend(
  backends: readonly AudioBackend[],
  wanted: Config["audio"]["backend"],
): AudioBackend | undefined {
  if (wanted === "auto") return backends.find(({ id }) => id === "pulse" || id === "naudiodon")
  return backends.find(({ id }) => id === wanted)
}

/** Rejects with an error whose message a person can act on. */
export const listDevices = (backend: AudioBackend): Promise<readonly AudioDevice[]> =>
  Effect.runPromise(backend.devices)
