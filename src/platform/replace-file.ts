import { randomUUID } from "node:crypto"
import { mkdir, open, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"

/**
 * Puts a text in the place of the file at `path`, for this user alone (0600): written beside it, brought to the disk and
 * renamed, so that whoever reads finds the old one or the new one, also after a power failure. Rejects with the reason, and
 * leaves nothing beside it.
 */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${randomUUID()}.part`
  try {
    const file = await open(beside, "wx", 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    // Why it could not be written is worth more than why it could not be cleared away.
    await rm(beside, { force: true }).catch(() => undefined)
    throw error
  }
  const folder = await open(dirname(path), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
