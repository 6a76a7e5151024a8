import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { HostHandle, InferRequest } from "../../src/actors/hosts/host-handle.ts"
import type { EngineValues } from "../../src/actors/models/engine-values.ts"
import type { EngineOptions } from "../../src/ports/host-protocol.ts"

/** For tests with real host processes and the engine of `tests/fixtures/nasty-engine.mjs`, which misbehaves on request. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

export const nastyEngine = fixture("nasty-engine.mjs")

const hostEntry = fileURLToPath(new URL("../../dist/models/host-main.js", import.meta.url))

/** Host tests run the compiled host; without it they would test nothing, so they fail with the way out. */
export const requireBuiltHost = (): void => {
  if (!existsSync(hostEntry)) throw new Error(`${hostEntry} is missing: run "npm run build" first.`)
}

export const NASTY = "nasty"

export const loadNasty = (
  host: HostHandle,
  parameters: EngineOptions["parameters"] = {},
  deadlineMs = 5000,
) =>
  host.load({
    model: NASTY,
    engine: "moonshine",
    options: { files: {}, sha256: {}, threads: 1, parameters },
    deadlineMs,
  })

export const inferNasty = (host: HostHandle, input: unknown, more: Partial<InferRequest> = {}) =>
  host.infer({ model: NASTY, input, deadlineMs: 5000, ...more })

/** The nasty engine gives whatever it is asked for. */
export const nastyValues: EngineValues<Readonly<Record<string, unknown>>, unknown, unknown> = {
  isChunk: (value): value is unknown => value !== undefined,
  isOutput: (value): value is unknown => value !== "not an output",
}
