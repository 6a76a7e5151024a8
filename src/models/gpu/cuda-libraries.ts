import { execFile } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { basename, join } from "node:path"
import { promisify } from "node:util"

/**
 * What the CUDA provider of ONNX Runtime loads when it is built for CUDA 12 and cuDNN 9, the versions that
 * onnxruntime-node names; once the provider is there, its own list counts (`neededLibraries`).
 */
export const CUDA_LIBRARIES = [
  "libcudart.so.12",
  "libcublas.so.12",
  "libcublasLt.so.12",
  "libcufft.so.11",
  "libcurand.so.10",
]

/** Loaded by the provider when a model needs it, so it is not in its list. */
export const CUDNN_LIBRARY = "libcudnn.so.9"

/** Where toolkits are unpacked and the loader does not look by itself. */
const TOOLKIT_FOLDERS = ["/usr/local/cuda/lib64", "/usr/local/cuda-12/lib64"]

export interface FoundLibrary {
  readonly name: string
  readonly path: string
  /** As the file is called: `12.4.127`; empty where it does not say. */
  readonly version: string
  /** False where it lies in a folder that the loader does not search. */
  readonly isReachable: boolean
}

type FindLibrary = (name: string) => FoundLibrary | undefined

/** Looks where the loader looks: LD_LIBRARY_PATH, then the system's own list; then where toolkits usually lie. */
export async function openLibrarySearch(
  env: Readonly<Record<string, string | undefined>>,
  toolkitFolders: readonly string[] = TOOLKIT_FOLDERS,
): Promise<FindLibrary> {
  const listed = await loaderCache()
  const folders = (env["LD_LIBRARY_PATH"] ?? "").split(":").filter((folder) => folder !== "")
  return (name) => {
    const inFolder = folders.map((folder) => join(folder, name)).find(existsSync)
    const reachable = inFolder ?? listed.get(name)
    const path = reachable ?? toolkitFolders.map((folder) => join(folder, name)).find(existsSync)
    if (path === undefined) return undefined
    return { name, path, version: versionOf(path), isReachable: reachable !== undefined }
  }
}

/** `libcudart.so.12` is a link to `libcudart.so.12.4.127`. */
function versionOf(path: string): string {
  try {
    return /\.so\.([\d.]+)$/.exec(basename(realpathSync(path)))?.[1] ?? ""
  } catch {
    return ""
  }
}

async function loaderCache(): Promise<ReadonlyMap<string, string>> {
  for (const program of ["/sbin/ldconfig", "ldconfig"]) {
    try {
      const { stdout } = await promisify(execFile)(program, ["-p"], { timeout: 5000 })
      const rows = stdout.matchAll(/^\s*(\S+) \([^)]*x86-64[^)]*\) => (\S+)$/gm)
      return new Map([...rows].map(([, name = "", path = ""]) => [name, path]))
    } catch {
      // The next one, or no list: some systems have none.
    }
  }
  return new Map()
}
