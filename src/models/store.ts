import { stat } from "node:fs/promises"
import { join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { InstalledModel, ModelFailure, ModelStore } from "../ports/models.ts"
import { hashFile } from "./hash-file.ts"
import { loadManifest, type Manifest, type ManifestFile, type ManifestModel } from "./manifest.ts"

class ModelMissing extends Data.TaggedError("ModelFailure")<
  Pick<ModelFailure, "model" | "reason" | "message">
> {}

export const modelFilePath = (directory: string, model: ManifestModel, file: ManifestFile): string =>
  join(directory, model.id, file.name)

export type FileState = "ok" | "missing" | "wrong-size" | "altered"

/** What is on disk for one file. `hash: false` looks at presence and size only (fast), and never says "altered". */
export const fileState = async (
  directory: string,
  model: ManifestModel,
  file: ManifestFile,
  options: { readonly hash: boolean; readonly signal?: AbortSignal | undefined },
): Promise<FileState> => {
  const path = modelFilePath(directory, model, file)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile()) return "missing"
  if (found.size !== file.bytes) return "wrong-size"
  if (!options.hash) return "ok"
  return (await hashFile(path, options.signal)) === file.sha256 ? "ok" : "altered"
}

/**
 * The models under `directory`. `installed` checks that every file is there with its size; the host that loads the
 * model checks the hashes, so that what was altered since is never loaded. Fails with `ModelFailure` `missing`.
 */
export const makeModelStore = (
  directory: string,
  options: { readonly manifest?: Manifest | undefined } = {},
): ModelStore => {
  let manifest = options.manifest
  const installed = (id: string): Effect.Effect<InstalledModel, ModelFailure> =>
    Effect.gen(function* () {
      manifest ??= loadManifest()
      const model = manifest.models.find((candidate) => candidate.id === id)
      if (model === undefined) {
        const known = manifest.models.map((candidate) => candidate.id).join(", ")
        return yield* missing(id, `unknown model "${id}"; known are ${known}`)
      }
      const states = yield* Effect.promise(() =>
        Promise.all(model.files.map((file) => fileState(directory, model, file, { hash: false }))),
      )
      const bad = model.files.flatMap((file, index) =>
        states[index] === "ok" ? [] : [`${file.name} (${states[index]?.replace("-", " ")})`],
      )
      if (bad.length > 0) {
        const fix = `npx jett models pull ${id}`
        return yield* missing(
          id,
          `model ${id} is not installed in ${directory}: ${bad.join(", ")}. Run: ${fix}`,
        )
      }
      return {
        id,
        engine: model.engine,
        files: Object.fromEntries(
          model.files.map((file) => [file.name, modelFilePath(directory, model, file)]),
        ),
        sha256: Object.fromEntries(model.files.map((file) => [file.name, file.sha256])),
      }
    })
  return { installed }
}

const missing = (model: string, message: string) =>
  Effect.fail(new ModelMissing({ model, reason: "missing", message }))
