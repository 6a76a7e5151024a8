import { spawn } from "node:child_process"
import { chmod, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test, vi } from "vitest"
import { temporaryFolder } from "../support/model-fixture.ts"

const scripts = fileURLToPath(new URL("../../scripts", import.meta.url))

const LOG = `const { appendFileSync, mkdirSync, writeFileSync, existsSync } = require("node:fs")
const log = (line) => appendFileSync(process.env.CALLS, line + "\\n")
const args = process.argv.slice(2)
const after = (flag) => args[args.indexOf(flag) + 1]
`

/** Stand-ins that log their calls: npm installs a compiler and a test runner, the compiler makes the command line. */
const standIns = {
  npm: `log("npm " + args.join(" "))
    if (process.env.NPM_FAILS) process.exit(9)
    mkdirSync("node_modules/typescript/bin", { recursive: true })
    mkdirSync("node_modules/vitest", { recursive: true })
    writeFileSync("node_modules/typescript/bin/tsc", process.env.TSC)
    writeFileSync("node_modules/vitest/vitest.mjs", process.env.VITEST)`,
  tsc: `log("tsc")
    if (process.env.TSC_FAILS) process.exit(2)
    mkdirSync(after("--outDir") + "/cli", { recursive: true })
    writeFileSync(after("--outDir") + "/cli/main.js", process.env.CLI)`,
  cli: `const verb = args.join(" ")
    log("jett " + verb)
    if (verb === "models ls --json") {
      const installed = existsSync(process.env.CALLS + ".models")
      console.log(JSON.stringify([{ id: "a", default: true, installed }, { id: "b", default: false, installed: false }]))
    } else if (args[1] === "pull") {
      if (process.env.PULL_FAILS) process.exit(1)
      writeFileSync(process.env.CALLS + ".models", "")
    } else if (verb.includes("--exit")) process.exit(Number(after("--exit")))
    else if (verb.includes("--wait")) {
      process.on("SIGTERM", () => { log("SIGTERM"); process.exit(143) })
      setInterval(() => {}, 1000)
      log("waiting")
    }`,
  vitest: `log("vitest " + after("--project"))
    const skipped = { status: "skipped", ancestorTitles: ["x [skipped: no pulse: no parec]"], title: "t", fullName: "x t" }
    const passed = { status: "passed", ancestorTitles: [], title: "p", fullName: "p" }
    const failed = { ...passed, status: "failed" }
    const tests = after("--project") === "fast" ? [passed, passed] : [passed, skipped, skipped]
    if (process.env.TEST_FAILS) tests.push(failed)
    const status = process.env.TEST_FAILS ? "failed" : "passed"
    const file = args.find((arg) => arg.startsWith("--outputFile.json=")).split("=")[1]
    writeFileSync(file, JSON.stringify({ testResults: [{ status, assertionResults: tests }] }))
    process.exit(process.env.TEST_FAILS ? 1 : 0)`,
}

/** A clone of the repository as `npm run` finds it the first time, with stand-ins for what it would fetch. */
const freshClone = async () => {
  const root = await temporaryFolder()
  await cp(scripts, join(root, "scripts"), { recursive: true })
  await mkdir(join(root, "src"))
  await mkdir(join(root, "bin"))
  await writeFile(join(root, "src", "a.ts"), "export {}\n")
  await writeFile(join(root, "package.json"), '{"type":"module"}')
  await writeFile(
    join(root, "package-lock.json"),
    '{"packages":{"":{},"node_modules/x":{"version":"1.0.0"}}}',
  )
  await writeFile(join(root, "tsconfig.json"), "{}")
  await writeFile(join(root, "tsconfig.benchmarks.json"), "{}")
  await mkdir(join(root, "benchmarks"))
  await writeFile(join(root, "benchmarks", "b.ts"), "export {}\n")
  await mkdir(join(root, "tests", "support"), { recursive: true })
  await writeFile(join(root, "tests", "support", "c.ts"), "export {}\n")
  await mkdir(join(root, "models"))
  await writeFile(join(root, "models", "manifest.json"), "{}")
  await writeFile(join(root, "bin", "npm"), `#!${process.execPath}\n${LOG}${standIns.npm}`)
  await writeFile(join(root, "bin", "package.json"), "{}")
  await chmod(join(root, "bin", "npm"), 0o755)
  const esm = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`
  const env = {
    PATH: `${join(root, "bin")}:${dirname(process.execPath)}`,
    CALLS: join(root, "calls"),
    TSC: `${LOG}${standIns.tsc}`,
    CLI: `${esm}${LOG}${standIns.cli}`,
    VITEST: `${esm}${LOG}${standIns.vitest}`,
  }
  const calls = async () => {
    const text = await readFile(env.CALLS, "utf8").catch(() => "")
    await rm(env.CALLS, { force: true })
    return text.split("\n").filter((line) => line !== "")
  }
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [join(root, "scripts", "bootstrap.mjs"), ...args], {
      cwd: root,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    })
    const output = { out: "", err: "" }
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output.out += chunk
    })
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      output.err += chunk
    })
    const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      child.once("close", (code) => resolve({ code, ...output }))
    })
    return { child, ended }
  }
  return { root, calls, start, run: (args: readonly string[], more = {}) => start(args, more).ended }
}

const CI = "npm ci --include=dev --no-audit --no-fund --loglevel=error"

test("the first demo installs, builds, fetches the default models with consent said first, and runs", async () => {
  const clone = await freshClone()
  const { code, err } = await clone.run(["demo", "--fast"])
  expect(err).toMatch(/^jett: the wake word's weights are for non-commercial use only \(CC BY-NC-SA 4\.0/)
  expect(err).toContain('Running "npm run demo" accepts that')
  expect(code).toBe(0)
  expect(await clone.calls()).toEqual([
    CI,
    "tsc",
    "jett models ls --json",
    "jett models pull a --accept-licence",
    "jett demo --fast",
  ])
})

test("the second time nothing is installed, built or fetched again", async () => {
  const clone = await freshClone()
  await clone.run(["demo"])
  await clone.calls()
  await clone.run(["demo"])
  expect(await clone.calls()).toEqual(["jett models ls --json", "jett demo"])
})

test("a changed source is built, a changed lockfile is installed", async () => {
  const clone = await freshClone()
  await clone.run(["status"])
  await clone.calls()
  await writeFile(join(clone.root, "src", "a.ts"), "export const a = 1\n")
  await clone.run(["status"])
  expect(await clone.calls()).toEqual(["tsc", "jett status"])
  await writeFile(
    join(clone.root, "package-lock.json"),
    '{"packages":{"":{},"node_modules/x":{"version":"1.0.1"}}}',
  )
  await clone.run(["status"])
  expect(await clone.calls()).toEqual([CI, "tsc", "jett status"])
})

test("the benchmarks are compiled for bench alone, and again only when they or what they measure change", async () => {
  const clone = await freshClone()
  await clone.run(["status"])
  await clone.calls()
  await clone.run(["bench", "llm", "--json"])
  const builds = (calls: readonly string[]) => calls.filter((call) => call === "tsc").length
  const calls = await clone.calls()
  expect(builds(calls)).toBe(1)
  expect(calls.at(-1)).toBe("jett bench llm --json")
  const folder = join(clone.root, "dist", "with-benchmarks")
  expect(await readFile(join(folder, "models", "manifest.json"), "utf8")).toBe("{}")
  await writeFile(join(clone.root, "benchmarks", "RESULTS.md"), "# Results\n")
  await clone.run(["bench"])
  expect(builds(await clone.calls())).toBe(0)
  await writeFile(join(clone.root, "benchmarks", "b.ts"), "export const b = 1\n")
  await clone.run(["bench"])
  expect(builds(await clone.calls())).toBe(1)
  await writeFile(join(clone.root, "tests", "support", "c.ts"), "export const c = 1\n")
  await clone.run(["bench"])
  expect(builds(await clone.calls())).toBe(1)
  await writeFile(join(clone.root, "src", "a.ts"), "export const a = 2\n")
  await clone.run(["bench"])
  expect(builds(await clone.calls())).toBe(2)
})

test("the command is linked for npx, again after an installation that removed the link", async () => {
  const clone = await freshClone()
  const link = join(clone.root, "node_modules", ".bin", "jett")
  for (const _ of [1, 2]) {
    await clone.run(["status"])
    expect(await readFile(link, "utf8")).toBe(
      await readFile(join(clone.root, "dist", "cli", "main.js"), "utf8"),
    )
    await rm(link)
  }
})

test("packages that npm installed by itself are taken as they are", async () => {
  const clone = await freshClone()
  await clone.run(["status"])
  await clone.calls()
  await rm(join(clone.root, "node_modules", ".jett-install.json"))
  await writeFile(
    join(clone.root, "node_modules", ".package-lock.json"),
    '{"packages":{"node_modules/x":{"version":"1.0.0"}}}',
  )
  await clone.run(["status"])
  expect(await clone.calls()).toEqual(["jett status"])
})

test("serve never accepts a licence for the user, and ends where the models cannot be had", async () => {
  const clone = await freshClone()
  const { code, err } = await clone.run(["serve"], { PULL_FAILS: "1" })
  expect(code).toBe(1)
  expect(err).not.toContain("accepts")
  expect(await clone.calls()).toEqual([CI, "tsc", "jett models ls --json", "jett models pull a"])
})

test("--offline reaches the fetching of models", async () => {
  const clone = await freshClone()
  await clone.run(["demo", "--offline"])
  expect(await clone.calls()).toContain("jett models pull a --accept-licence --offline")
})

test("a failed installation or build ends it there with the exit code", async () => {
  const clone = await freshClone()
  const install = await clone.run(["demo"], { NPM_FAILS: "1" })
  expect(install.code).toBe(9)
  expect(install.err).toContain("npm ci failed (exit code 9)")
  const build = await clone.run(["demo"], { TSC_FAILS: "1" })
  expect(build.code).toBe(2)
  expect((await clone.calls()).at(-1)).toBe("tsc")
})

test("the exit code of the verb is ours", async () => {
  const clone = await freshClone()
  expect((await clone.run(["status", "--exit", "3"])).code).toBe(3)
})

test("a termination signal reaches the verb, and we end when it has ended", async () => {
  const clone = await freshClone()
  await clone.run(["status"])
  await clone.calls()
  const { child, ended } = clone.start(["serve", "--wait"])
  await vi.waitFor(
    async () => expect(await readFile(join(clone.root, "calls"), "utf8")).toContain("waiting"),
    {
      timeout: 10_000,
    },
  )
  child.kill("SIGTERM")
  expect((await ended).code).toBe(143)
  expect(await clone.calls()).toContain("SIGTERM")
})

test("the tests run fast, then integration, and end with why some were skipped and vitest's closing lines", async () => {
  const clone = await freshClone()
  const { code, out } = await clone.run(["test"])
  expect(code).toBe(0)
  expect(await clone.calls()).toEqual([
    CI,
    "tsc",
    "jett models ls --json",
    "jett models pull a --accept-licence",
    "vitest fast",
    "vitest integration",
  ])
  expect(out).toContain("skipped 2 tests: no pulse: no parec\n")
  expect(out.trimEnd().split("\n").slice(-2)).toEqual([
    " Test Files  2 passed (2)",
    "      Tests  3 passed | 2 skipped (5)",
  ])
})

test("a failed test fails the run, and the tests run even where models cannot be had", async () => {
  const clone = await freshClone()
  const { code, out } = await clone.run(["test"], { TEST_FAILS: "1", PULL_FAILS: "1" })
  expect(code).toBe(1)
  expect(out).toContain(" Tests  2 failed | 3 passed | 2 skipped (7)\n")
})
