import { createHash } from "node:crypto"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, relative } from "node:path"
import { run } from "./run.mjs"

/** One hash over everything a build reads: names and contents, so that a checkout of other times changes nothing. */
const sourceHash = (root, configs, folders) => {
  const hash = createHash("sha256")
  const files = folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
  for (const file of [...configs, "package-lock.json", ...files]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0")
  }
  return hash.digest("hex")
}

const readStamp = (path) => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return undefined
  }
}

/** npm links the commands of dependencies, not the project's own: without this `npx jett` says "not found". */
const linkCommand = (root) => {
  const link = join(root, "node_modules", ".bin", "jett")
  if (existsSync(link)) return
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(join("..", "..", "dist", "cli", "main.js"), link)
}

/** Compiles a project to a folder; nothing stays of a failed one. Resolves to an exit code. */
const compile = async (root, project, folder, say) => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const code = await run(
    process.execPath,
    [
      ...[tsc, "-p", join(root, project), "--outDir", folder],
      ...["--incremental", "false", "--tsBuildInfoFile", "null"],
    ],
    { cwd: root, stdio: ["ignore", 2, 2] },
  )
  if (code !== 0) {
    rmSync(folder, { recursive: true, force: true })
    say(`the build failed (exit code ${code}); the compiler's messages are above`)
  }
  return code
}

/**
 * Compiles the benchmarks, with a copy of the sources that they measure, to `dist/with-benchmarks`, unless they are
 * there already. To be called after `ensureBuilt`, which replaces `dist`. Resolves to an exit code.
 */
export const ensureBenchmarksBuilt = async (root, say) => {
  const folder = join(root, "dist", "with-benchmarks")
  const stampFile = join(folder, ".source-hash")
  const configs = ["tsconfig.json", "tsconfig.benchmarks.json"]
  // The sound server that the integration tests speak through is the one to measure on.
  const wanted = sourceHash(root, configs, ["src", "benchmarks", join("tests", "support")])
  if (readStamp(stampFile) === wanted) return 0
  say("building the benchmarks (tsc)")
  rmSync(folder, { recursive: true, force: true })
  const code = await compile(root, "tsconfig.benchmarks.json", folder, say)
  if (code !== 0) return code
  // The copied sources look for these where the built product has them: two folders up.
  mkdirSync(join(folder, "models"), { recursive: true })
  for (const file of ["package.json", join("models", "manifest.json")])
    copyFileSync(join(root, file), join(folder, file))
  writeFileSync(stampFile, `${wanted}\n`)
  return 0
}

/** Compiles `src` to `dist` unless it already is what these sources make. Resolves to an exit code. */
export const ensureBuilt = async (root, say) => {
  const dist = join(root, "dist")
  const stampFile = join(dist, ".source-hash")
  const main = join(dist, "cli", "main.js")
  const wanted = sourceHash(root, ["tsconfig.json"], ["src"])
  if (readStamp(stampFile) === wanted && existsSync(main)) {
    linkCommand(root)
    return 0
  }
  say("building (tsc)")
  // Built beside and swapped in: a daemon that runs from dist meanwhile finds whole files, and nothing stale stays.
  const fresh = join(root, "node_modules", `.jett-build-${process.pid}`)
  rmSync(fresh, { recursive: true, force: true })
  const code = await compile(root, "tsconfig.json", fresh, say)
  if (code !== 0) return code
  chmodSync(join(fresh, "cli", "main.js"), 0o755)
  writeFileSync(join(fresh, ".source-hash"), `${wanted}\n`)
  const old = `${fresh}-old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
  linkCommand(root)
  return 0
}
