import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as Schema from "effect/Schema"

/** Names of the package's own tables of what it downloads; see its `script/install.js`. */
const PLATFORM = "linux/x64"
export const INSTALL_CHOICE = "cuda12"

/** What onnxruntime-node says about the CUDA libraries that it does not bring along. */
export interface CudaProvider {
  readonly packageVersion: string
  /** The package's own program that fetches them. */
  readonly script: string
  readonly files: readonly string[]
  /** The package on the feed that holds them. */
  readonly download: { readonly feed: string; readonly name: string; readonly version: string }
}

const versionOf = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.String }))

const metadataOf = Schema.decodeUnknownSync(
  Schema.Struct({
    manifests: Schema.Record(
      Schema.String,
      Schema.Record(Schema.String, Schema.Struct({ package: Schema.String })),
    ),
    packages: Schema.Record(
      Schema.String,
      Schema.Struct({
        name: Schema.String,
        versions: Schema.Array(Schema.Struct({ feed: Schema.String, version: Schema.String })),
      }),
    ),
    feeds: Schema.Record(Schema.String, Schema.Struct({ index: Schema.String })),
  }),
)

/** Reads it from the installed package. Throws where the package is laid out in a way that is not known. */
export function describeCudaProvider(): CudaProvider {
  const require = createRequire(import.meta.url)
  const root = dirname(require.resolve("onnxruntime-node/package.json"))
  const { version } = versionOf(require(join(root, "package.json")))
  const metadata = metadataOf(require(join(root, "script/install-metadata.js")))
  const files = metadata.manifests[`${PLATFORM}:${INSTALL_CHOICE}`] ?? {}
  const source = metadata.packages[Object.values(files)[0]?.package ?? ""]
  const listed = source?.versions[0]
  const feed = metadata.feeds[listed?.feed ?? ""]?.index
  if (source === undefined || listed === undefined || feed === undefined) {
    throw new Error(`onnxruntime-node ${version} does not say where its CUDA libraries are`)
  }
  return {
    packageVersion: version,
    script: join(root, "script/install.js"),
    files: Object.keys(files).map((name) => join(root, "bin/napi-v6", PLATFORM, name)),
    download: { feed, name: source.name, version: listed.version },
  }
}

/** The library that runs models on the GPU, among the files of the provider. */
export const cudaLibraryOf = (provider: CudaProvider): string | undefined =>
  provider.files.find((file) => file.endsWith("providers_cuda.so"))

export const isProviderInstalled = (provider: CudaProvider): boolean =>
  provider.files.length > 0 && provider.files.every(existsSync)

/** Bytes of the download, as the feed's server says them. Rejects with the reason where it does not. */
export async function downloadSize(
  { download: { feed, name, version } }: CudaProvider,
  signal: AbortSignal,
  request: typeof fetch = fetch,
): Promise<{ readonly bytes: number; readonly url: string }> {
  const ask = (address: string, init: RequestInit): Promise<Response> =>
    request(address, { ...init, signal }).catch((error: unknown) => {
      // `fetch failed` says nothing; its cause does.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${new URL(address).host} does not answer: ${reason}`, { cause: error })
    })
  const index = await ask(feed, {})
  if (!index.ok) throw new Error(`${feed} answered ${index.status}`)
  const { resources } = feedOf(await index.json())
  const base = resources.find((resource) => resource["@type"] === "PackageBaseAddress/3.0.0")?.["@id"]
  if (base === undefined) throw new Error(`${feed} lists no packages`)
  const [lowName, lowVersion] = [name.toLowerCase(), version.toLowerCase()]
  const url = `${base.replace(/\/?$/, "/")}${lowName}/${lowVersion}/${lowName}.${lowVersion}.nupkg`
  const head = await ask(url, { method: "HEAD" })
  const bytes = Number(head.headers.get("content-length"))
  if (!head.ok || !(bytes > 0)) throw new Error(`${url} answered ${head.status}, without a size`)
  return { bytes, url }
}

const feedOf = Schema.decodeUnknownSync(
  Schema.Struct({
    resources: Schema.Array(Schema.Struct({ "@id": Schema.String, "@type": Schema.String })),
  }),
)
