import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { onTestFinished } from "vitest"
import {
  makeWyomingSpeech,
  type WyomingSpeech,
  type WyomingSpeechOptions,
} from "../../src/actors/models/wyoming-speech.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { freePort } from "./free-port.ts"
import { openResidency } from "./open-residency.ts"
import { component } from "./require-component.ts"

/** A loopback address that nobody listens at, for the moment. */
export const freeUrl = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`

/** Runs `use` with speech to text by the server of `options`, which is gone afterwards. */
export const withWyoming = <A>(
  options: Pick<WyomingSpeechOptions, "url"> & Partial<WyomingSpeechOptions>,
  use: (speech: WyomingSpeech) => Effect.Effect<A, unknown, Scope>,
): Promise<A> =>
  makeWyomingSpeech({
    residency: openResidency,
    allowRemote: false,
    model: "m",
    clock: monotonicClock,
    ...options,
  }).pipe(Effect.flatMap(use), Effect.scoped, Effect.runPromise)

/** The folder for servers' temporary files, for this test alone. */
export const ownMemoryFolder = (): { readonly path: string; content(): readonly string[] } => {
  const path = mkdtempSync(join(tmpdir(), "jett-memory-"))
  const before = process.env["XDG_RUNTIME_DIR"]
  process.env["XDG_RUNTIME_DIR"] = path
  onTestFinished(() => {
    if (before === undefined) delete process.env["XDG_RUNTIME_DIR"]
    else process.env["XDG_RUNTIME_DIR"] = before
    rmSync(path, { recursive: true, force: true })
  })
  return { path, content: () => readdirSync(path, { recursive: true }).map(String) }
}

/** The command line of wyoming-faster-whisper with its tiny model, as few threads as Jett's own recogniser. */
export const whisperCommand = (): string => {
  const found = component("wyoming")
  if (!found.available) throw new Error(found.why)
  const flags = "--language en --beam-size 1 --compute-type int8 --cpu-threads 2 --local-files-only"
  return `wyoming-faster-whisper --uri {url} --model "${found.path}" --data-dir "$TMPDIR" ${flags}`
}
