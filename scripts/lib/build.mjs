import { createHash } from "node:crypto"
import {
  chmodSync,
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

/** One hash over everything the build reads: names and contents, so that a checkout of other times changes nothing. */
const sourceHash = (root) => {
  const hash = createHash("sha256")
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
  for (const file of ["tsconfig.json", "package-lock.json", ...files]) {
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

/** Compiles `src` to `dist` unless it already is what these sources make. Resolves to an exit code. */
export const ensureBuilt = async (root, say) => {
  const dist = join(root, "dist")
  const stampFile = join(dist, ".source-hash")
  const main = join(dist, "cli", "main.js")
  const wanted = sourceHash(root)
  if (readStamp(stampFile) === wanted && existsSync(main)) {
    linkCommand(root)
    return 0
  }
  say("building (tsc)")
  // Built beside and swapped in: a daemon that runs from dist meanwhile finds whole files, and nothing stale stays.
  const fresh = join(root, "node_modules", `.jett-build-${process.pid}`)
  rmSync(fresh, { recursive: true, force: true })
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const project = join(root, "tsconfig.json")
  const code = await run(
    process.execPath,
    [tsc, "-p", project, "--outDir", fresh, "--incremental", "false", "--tsBuildInfoFile", "null"],
    { cwd: root, stdio: ["ignore", 2, 2] },
  )
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    say(`the build failed (exit code ${code}); the compiler's messages are above`)
    return code
  }
  chmodSync(join(fresh, "cli", "main.js"), 0o755)
  writeFileSync(join(fresh, ".source-hash"), `${wanted}\n`)
  const old = `${fresh}-old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
  linkCommand(root)
  return 0
}
