import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./run.mjs"

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch {
    return undefined
  }
}

/** What the installed packages depend on: the lockfile, and the Node that native ones were built for. */
const wantedStamp = (root) => ({
  lockfile: createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex"),
  abi: process.versions.modules,
})

/** True where npm itself installed what the lockfile says, however it was called: every version is the same. */
const matchesLockfile = (root) => {
  const wanted = readJson(join(root, "package-lock.json"))?.packages
  const found = readJson(join(root, "node_modules", ".package-lock.json"))?.packages
  if (wanted === undefined || found === undefined) return false
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || found[path]?.version === entry.version || (entry.optional && !found[path]),
  )
}

/** Runs `npm ci` unless node_modules is what the lockfile asks for. Resolves to an exit code. */
export const ensureInstalled = async (root, say) => {
  const stampFile = join(root, "node_modules", ".jett-install.json")
  const wanted = wantedStamp(root)
  const stamp = readJson(stampFile)
  const fresh =
    stamp === undefined ? matchesLockfile(root) : stamp.lockfile === wanted.lockfile || matchesLockfile(root)
  const sameNode = stamp === undefined || stamp.abi === wanted.abi
  if (!(fresh && sameNode)) {
    say("installing packages (npm ci); the first time takes a minute or a few")
    const code = await run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    })
    if (code !== 0) {
      say(
        code === 127
          ? "npm was not found: it comes with Node (Debian: apt-get install npm)"
          : `npm ci failed (exit code ${code}); its messages are above`,
      )
      return code
    }
  }
  if (stamp?.lockfile !== wanted.lockfile || stamp.abi !== wanted.abi) {
    writeFileSync(stampFile, `${JSON.stringify(wanted)}\n`)
  }
  return 0
}
