import { randomUUID } from "node:crypto"
import { lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"

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

/**
 * Written beside its place (0600), brought to the disk and renamed: whoever reads finds the old one or the new one, also
 * after a power failure. Rejects with the reason.
 */
export async function writePrivateJson(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomUUID()}.part`
  try {
    const file = await open(beside, "wx", 0o600)
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
  const folder = await open(dirname(path), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const unusable = (problem: string): PrivateJson => ({ type: "unusable", problem })

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined
