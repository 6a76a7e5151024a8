#!/usr/bin/env node
import { readVersion } from "../platform/version.ts"

// The commonest question of scripts, answered before anything is loaded.
const argv = process.argv.slice(2)
if (argv.length === 1 && argv[0] === "--version") {
  process.stdout.write(`${readVersion()}\n`)
} else {
  const { runProcess } = await import("./process.ts")
  await runProcess(argv)
}
