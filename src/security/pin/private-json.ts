import { lstat, readFile } from "node:fs/promises"
import { replaceFile } from "../../platform/replace-file.ts"

export type PrivateJson =
  | { readonly type: "missing" }
  | { readonly type: "found"; readonly value: object }
  /** What was found, what was expected, the fix; never any of the content. */
  | { readonly type: "unusable"; readonly problem: string }

/** A JSON object in a file that nobody else can read or write. Never rejects. */
export async function readPrivateJson(path: string): Promise<PrivateJson> {
  try {
    const found = await lstat(path)
    const uid = process.getuid?.() ?? found.uid
    if (!found.isFile() || found.uid !== uid) {
      return unusable(`${path} is not a file of user ${uid}; remove it`)
    }
    if ((found.mode & 0o077) !== 0) {
      const mode = (found.mode & 0o777).toString(8)
      return unusable(`${path} has mode ${mode}; expected 600: if it is yours, run chmod 600 on it`)
    }
    const value: unknown = JSON.parse(await readFile(path, "utf8"))
    if (typeof value === "object" && value !== null) return { type: "found", value }
    return unusable(`${path} holds no JSON object; remove it`)
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { type: "missing" }
    // The message of JSON.parse quotes what it read.
    const why = codeOf(error) ?? "it is not JSON"
    return unusable(`${path} cannot be read (${why}); remove it`)
  }
}

/** Rejects with the reason; see `replaceFile`. */
export const writePrivateJson = (path: string, value: object): Promise<void> =>
  replaceFile(path, `${JSON.stringify(value)}\n`)

const unusable = (problem: string): PrivateJson => ({ type: "unusable", problem })

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
