import type { EngineOptions } from "../ports/host-protocol.ts"
import { hashFile } from "./hash-file.ts"

/**
 * Checks the SHA-256 of every file an engine is about to open, one after another, in constant memory.
 * Rejects with an Error that names the file, what was found and the fix: a half-written or altered file is never loaded.
 */
export const verifyFiles = async (
  model: string,
  options: Pick<EngineOptions, "files" | "sha256">,
): Promise<void> => {
  for (const [name, path] of Object.entries(options.files)) {
    const expected = Object.hasOwn(options.sha256, name) ? options.sha256[name] : undefined
    if (expected === undefined) {
      throw new Error(
        `${model}: no SHA-256 is known for ${name}, so it is not loaded. Add it to the manifest.`,
      )
    }
    const found = await hashOf(model, path)
    if (found !== expected.toLowerCase()) {
      throw new Error(
        `${model}: ${path} has SHA-256 ${found}, expected ${expected}. Fetch it again: jett models pull ${model}`,
      )
    }
  }
}

const hashOf = async (model: string, path: string): Promise<string> => {
  try {
    return await hashFile(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${model}: cannot read ${path} (${reason}). Fetch it: jett models pull ${model}`, {
      cause,
    })
  }
}
