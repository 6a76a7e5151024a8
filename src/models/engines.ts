import { isAbsolute } from "node:path"
import { pathToFileURL } from "node:url"
import type { Engine } from "../ports/engine.ts"
import type { EngineName } from "../ports/host-protocol.ts"

/** An engine of which the host knows only that values go in and come out; the client checks what comes out. */
export type AnyEngine = Engine<unknown, unknown, unknown>

/**
 * The engine behind a name, imported when it is first needed: a host pays only for the engines it runs.
 *
 * `engineModule`, for tests, is the absolute path of a module whose `engine` export stands in for every name.
 */
export const engineNamed = async (
  name: EngineName,
  engineModule?: string | undefined,
): Promise<AnyEngine> => {
  if (engineModule !== undefined) return importEngineModule(engineModule)
  switch (name) {
    case "listener":
      return (await import("./listener.ts")).engine
    case "moonshine":
      return (await import("./moonshine.ts")).engine
    case "piper":
      return (await import("./piper.ts")).engine
    case "kokoro":
      return (await import("./kokoro.ts")).engine
    case "llama":
      return (await import("./llama.ts")).engine
  }
}

/** Imports a stand-in engine; refuses anything but the absolute path of a file, so that no URL is ever fetched. */
export const importEngineModule = async (path: string): Promise<AnyEngine> => {
  if (!isAbsolute(path)) {
    throw new Error(`--engine-module must be the absolute path of a file; found "${path}".`)
  }
  const module: unknown = await import(pathToFileURL(path).href)
  if (!isEngineModule(module)) throw new Error(`${path} exports no "engine" with a load function.`)
  return module.engine
}

const isEngineModule = (module: unknown): module is { readonly engine: AnyEngine } =>
  typeof module === "object" &&
  module !== null &&
  "engine" in module &&
  typeof module.engine === "object" &&
  module.engine !== null &&
  "load" in module.engine &&
  typeof module.engine.load === "function"
