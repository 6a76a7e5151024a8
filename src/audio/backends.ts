import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AudioBackend } from "../ports/audio.ts"

/** The back ends that work on this machine, best first; `null` is always the last. Loads only what it tries. */
export const availableBackends = async (): Promise<readonly AudioBackend[]> => {
  const found: AudioBackend[] = []
  if (process.platform !== "win32") {
    const { pulseBackend } = await import("./pulse.ts")
    const pulse = pulseBackend()
    if (Exit.isSuccess(await Effect.runPromiseExit(pulse.devices))) found.push(pulse)
  }
  const { naudiodonBackend, naudiodonInstalled } = await import("./naudiodon.ts")
  if (naudiodonInstalled()) found.push(naudiodonBackend())
  return [...found, await liveBackend("null")]
}

/**
 * One back end by name, whether it works here or not: its own failures say what is missing. The file back end needs
 * more than a name; see `fileBackend`.
 */
export const liveBackend = async (id: Exclude<AudioBackend["id"], "file">): Promise<AudioBackend> => {
  switch (id) {
    case "pulse":
      return (await import("./pulse.ts")).pulseBackend()
    case "naudiodon":
      return (await import("./naudiodon.ts")).naudiodonBackend()
    case "null":
      return (await import("./null.ts")).nullBackend()
  }
}
