import { createHash, randomBytes } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { ManifestFile } from "./manifest.ts"
import { errorCode, SourceFailure, StoreFailure } from "./sources/failures.ts"

/*
 * Everything unfinished lives on the store's own file system under a name that holds the pid of its owner, and only
 * `rename` gives it a final name. So pulls need no lock: at worst two of them fetch the same bytes.
 */

const STAGING = /^\.pull-(\d+)-[0-9a-f]+$/
const CLAIMED = /\.(\d+)-[0-9a-f]+\.part$/

const ownMark = (): string => `${process.pid}-${randomBytes(4).toString("hex")}`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === "EPERM"
  }
}

/** A private folder for what the clients fetch. Those of pulls that were killed are swept away first. */
export const makeStaging = async (directory: string): Promise<string> => {
  for (const name of await readdir(directory)) {
    const pid = STAGING.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await removeStaging(join(directory, name))
  }
  const staging = join(directory, `.pull-${ownMark()}`)
  await mkdir(staging)
  return staging
}

/** A killed client may be writing its last bytes: the removal is tried again for a moment. */
export const removeStaging = (staging: string): Promise<void> =>
  rm(staging, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })

/**
 * The path at which to download `final`, holding what an earlier, broken-off download left in `final.part`. The
 * rename is the claim: of two pulls only one gets it, the other starts its own.
 */
export const claimPart = async (final: string): Promise<string> => {
  const mine = `${final}.${ownMark()}.part`
  for (const name of await readdir(dirname(final))) {
    if (!name.startsWith(`${basename(final)}.`) || !name.endsWith(".part")) continue
    const owner = CLAIMED.exec(name)?.[1]
    if (owner !== undefined && isAlive(Number(owner))) continue
    try {
      await rename(join(dirname(final), name), mine)
      return mine
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error
    }
  }
  return mine
}

/** Gives an unfinished part back to whoever continues it; does nothing when it was installed or never begun. */
export const releasePart = async (partPath: string, final: string): Promise<void> => {
  const found = await stat(partPath).catch(() => undefined)
  if (found === undefined) return
  if (found.size === 0) await rm(partPath, { force: true })
  else await rename(partPath, `${final}.part`)
}

/**
 * Checks the bytes of `staged` (its files one after the other) and puts them at `final`: written out to the disk,
 * then renamed, then the folder written out. Several files are joined at `assembled` first. The staged files are used up.
 */
export const install = async (
  staged: readonly string[],
  final: string,
  expected: Pick<ManifestFile, "bytes" | "sha256">,
  assembled = `${final}.assembled`,
): Promise<void> => {
  const [first] = staged
  if (first === undefined) throw new SourceFailure({ message: "nothing was fetched" })
  const whole = staged.length === 1 ? first : assembled
  const hash = createHash("sha256")
  let bytes = 0
  const output = await open(whole, staged.length === 1 ? "r+" : "w")
  try {
    for (const path of staged) {
      for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError("a file stream gave no bytes")
        hash.update(chunk)
        bytes += chunk.byteLength
        if (staged.length > 1) await output.writeFile(chunk)
      }
    }
    await output.sync()
  } finally {
    await output.close()
  }
  const found = hash.digest("hex")
  if (bytes !== expected.bytes || found !== expected.sha256) {
    await rm(whole, { force: true })
    throw new SourceFailure({
      message: `got ${bytes} bytes with SHA-256 ${found}, expected ${expected.bytes} with ${expected.sha256}`,
    })
  }
  await rename(whole, final)
  const folder = await open(dirname(final), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Fails at once, and not after many minutes, where the files cannot fit. */
export const checkFreeSpace = async (directory: string, neededBytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize >= neededBytes) return
  const mb = (bytes: number) => Math.ceil(bytes / 1e6)
  throw new StoreFailure({
    message: `not enough room in ${directory}: ${mb(neededBytes)} MB needed, ${mb(bavail * bsize)} MB free`,
  })
}
