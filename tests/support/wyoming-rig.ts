import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { onTestFinished } from "vitest"
import { wyomingBranch } from "../../src/actors/models/wyoming-branch.ts"
import {
  makeWyomingSpeech,
  type WyomingSpeech,
  type WyomingSpeechOptions,
} from "../../src/actors/models/wyoming-speech.ts"
import type { ChildStatus } from "../../src/actors/supervision/supervisor.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { freePort } from "./free-port.ts"
import { openResidency } from "./open-residency.ts"
import { component } from "./require-component.ts"

/** A loopback address that nobody listens at, for the moment. */
export const freeUrl = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`

/** Speech to text, and what its server's supervisor tells. */
export interface WyomingRig extends WyomingSpeech {
  children(): readonly ChildStatus[]
}

/** Runs `use` with speech to text by the server of `options`, which is gone afterwards. */
export const withWyoming = <A>(
  options: Pick<WyomingSpeechOptions, "url"> &
    Partial<WyomingSpeechOptions> & { readonly command?: string | undefined },
  use: (speech: WyomingRig) => Effect.Effect<A, unknown, Scope>,
): Promise<A> =>
  Effect.gen(function* () {
    const { command, ...given } = { transcribeDeadlineMs: 20_000, allowRemote: false, ...options }
    const server = command === undefined ? undefined : { ...given, command }
    const branch = server && wyomingBranch({ server, clock: monotonicClock })
    const speech = yield* makeWyomingSpeech({
      residency: openResidency,
      model: "m",
      clock: monotonicClock,
      own: branch?.own,
      ...given,
    })
    // Last, as in the tree: its end is the first.
    if (branch !== undefined) yield* branch.child.start()
    return yield* use({ ...speech, children: () => branch?.own.supervisor.children() ?? [] })
  }).pipe(Effect.scoped, Effect.runPromise)

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
