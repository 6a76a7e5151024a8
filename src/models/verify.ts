import { fileLabel, type ManifestModel } from "./manifest.ts"
import { type FileState, fileState } from "./store.ts"

export interface VerifiedFile {
  readonly model: string
  readonly file: string
  readonly bytes: number
  readonly state: FileState | "unreadable"
}

/** Reads every file of `models` in full and compares its size and hash with the manifest's. */
export async function* verifyModels(
  directory: string,
  models: readonly ManifestModel[],
  options: { readonly hash: boolean; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<VerifiedFile> {
  for (const model of models) {
    for (const file of model.files) {
      const state = await fileState(directory, model, file, options).catch(() => {
        options.signal?.throwIfAborted()
        return "unreadable" as const
      })
      yield { model: model.id, file: fileLabel(model, file), bytes: file.bytes, state }
    }
  }
}
