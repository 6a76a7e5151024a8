#!/usr/bin/env node
/*
 * What the npm scripts run: brings a fresh clone to the point where a verb can run, then runs it. Plain Node without
 * dependencies, because it is what installs them. It prints what it does on stderr, and needs no terminal.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureBenchmarksBuilt, ensureBuilt } from "./lib/build.mjs"
import { ensureInstalled } from "./lib/install.mjs"
import { ensureModels, licenceNotice } from "./lib/models.mjs"
import { nodeProblem } from "./lib/node-version.mjs"
import { run } from "./lib/run.mjs"
import { runTests } from "./lib/run-tests.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const cli = join(root, "dist", "cli", "main.js")
const say = (text) => process.stderr.write(`jett: ${text}\n`)

/** What a verb needs beyond packages and a build. Verbs that are not here need nothing more. */
const verbs = {
  demo: { models: true, acceptsLicences: true },
  test: { models: true, acceptsLicences: true },
  serve: { models: true, acceptsLicences: false },
  // The corpus is spoken by Kokoro: Jett's own voice must not be the one that it hears.
  bench: { models: true, also: ["tts-kokoro-82m-int8"], acceptsLicences: false, benchmarks: true },
}

const main = async ([verb, ...args]) => {
  const problem = nodeProblem(process.versions.node)
  if (problem !== undefined) {
    say(problem)
    return 1
  }
  if (verb === undefined) {
    say(`expected a verb: ${Object.keys(verbs).join(", ")} or any other of jett --help`)
    return 2
  }
  const needs = verbs[verb] ?? { models: false, acceptsLicences: false }
  if (needs.acceptsLicences) say(licenceNotice(verb))

  const installed = await ensureInstalled(root, say)
  if (installed !== 0) return installed
  const built = await ensureBuilt(root, say)
  if (built !== 0) return built
  const builtBenchmarks = needs.benchmarks ? await ensureBenchmarksBuilt(root, say) : 0
  if (builtBenchmarks !== 0) return builtBenchmarks

  if (needs.models) {
    const pulled = await ensureModels({
      cli,
      say,
      also: needs.also,
      acceptLicences: needs.acceptsLicences,
      offline: args.includes("--offline"),
    })
    // Tests that need a model say that they were skipped; the others still tell something.
    if (pulled !== 0 && verb !== "test") return pulled
  }
  return verb === "test" ? runTests(root, args, say) : run(process.execPath, [cli, verb, ...args])
}

process.exitCode = await main(process.argv.slice(2))
