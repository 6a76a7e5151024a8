import { spawn } from "node:child_process"
import { existsSync, statfsSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname } from "node:path"
import {
  type CudaProvider,
  cudaLibraryOf,
  downloadSize,
  INSTALL_CHOICE,
} from "../../models/gpu/cuda-provider.ts"
import { neededLibraries } from "../../models/gpu/elf-needed.ts"
import { hashFile } from "../../models/hash-file.ts"

/** Of the unpacked libraries of 1.30.0, measured on the same libraries for Python; the feed tells only the download. */
const UNPACKED_BYTES = 275_000_000

/** The parts of `jett gpu install` that touch the world. */
export interface GpuInstaller {
  /** Bytes of the download and its address, asked of the server; rejects with the reason. */
  size(provider: CudaProvider, signal: AbortSignal): Promise<{ readonly bytes: number; readonly url: string }>
  /** Runs the package's own script; rejects with the reason. */
  fetch(provider: CudaProvider, say: (text: string) => void, signal: AbortSignal): Promise<void>
  /** Bytes free where the download and where the libraries go. */
  space(provider: CudaProvider): { readonly download: number; readonly libraries: number }
  /** What was installed, file by file; rejects where one is missing or no library. */
  inspect(provider: CudaProvider): Promise<readonly InstalledFile[]>
}

interface InstalledFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export const gpuInstaller: GpuInstaller = {
  size: (provider, signal) => downloadSize(provider, signal),
  fetch: runScript,
  space: (provider) => ({
    download: freeBytes(tmpdir()),
    libraries: freeBytes(dirname(provider.script)),
  }),
  inspect: async (provider) => {
    const library = cudaLibraryOf(provider)
    // Reads its header too: rejects for a page of HTML under a library's name.
    if (library !== undefined) await neededLibraries(library)
    return Promise.all(
      provider.files.map(async (path) => {
        if (!existsSync(path)) throw new Error(`${path} is missing`)
        return { path, bytes: statSync(path).size, sha256: await hashFile(path) }
      }),
    )
  },
}

/** Bytes that must be free at each place: the download, its unpacked copy, and the libraries. */
export const neededSpace = (downloadBytes: number) => ({
  download: downloadBytes + UNPACKED_BYTES,
  libraries: UNPACKED_BYTES,
})

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function runScript(
  { script }: CudaProvider,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, `--onnxruntime-node-install=${INSTALL_CHOICE}`], {
      // The variable outranks the flag, and our .npmrc sets npm's form of it to "skip".
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: INSTALL_CHOICE },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    })
    let last = ""
    child.stdout.on("data", (bytes: Buffer) => say(bytes.toString("utf8")))
    child.stderr.on("data", (bytes: Buffer) => {
      last = (last + bytes.toString("utf8")).slice(-2000)
    })
    child.once("error", reject)
    child.once("close", (code, ended) => {
      const reason = /^\w*Error: (.*)$/m.exec(last)?.[1] ?? `${ended ?? `exit ${code}`}`
      if (code === 0) resolve()
      else reject(new Error(reason))
    })
  })
}
