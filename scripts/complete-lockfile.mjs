#!/usr/bin/env node
/*
 * Adds to package-lock.json the optional packages of other platforms that npm left out. npm does that where a registry
 * mirror lacks them, and `npm ci` then refuses the lockfile everywhere, the full registry included. Run it after every
 * change of dependencies. With `--check` it only ends with 1 where something is missing.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { missingOptionals } from "./lib/lockfile.mjs"

const path = process.argv.slice(2).find((arg) => !arg.startsWith("--"))
const file = path ?? fileURLToPath(new URL("../package-lock.json", import.meta.url))
const lock = JSON.parse(readFileSync(file, "utf8"))
const missing = missingOptionals(lock.packages)
const names = Object.keys(missing)

if (names.length === 0) {
  process.stderr.write("package-lock.json is complete\n")
} else if (process.argv.includes("--check")) {
  process.stderr.write(
    `package-lock.json lacks ${names.length} optional packages of other platforms, so that npm ci refuses it ` +
      `(${names[0]}, …). Run: node scripts/complete-lockfile.mjs\n`,
  )
  process.exitCode = 1
} else {
  const entries = Object.entries({ ...lock.packages, ...missing })
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, "en")))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  process.stderr.write(`added ${names.length} optional packages of other platforms to package-lock.json\n`)
}
