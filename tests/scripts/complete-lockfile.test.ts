import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { temporaryFolder } from "../support/model-fixture.ts"

const script = fileURLToPath(new URL("../../scripts/complete-lockfile.mjs", import.meta.url))

const tool = {
  "node_modules/tool": {
    version: "1.0.0",
    dev: true,
    optionalDependencies: {
      "@tool/linux-x64-gnu": "1.0.0",
      "@tool/linux-x64-musl": "1.0.0",
      "@tool/darwin-arm64": "1.0.0",
      "any-extra": "^2.0.0",
    },
  },
  "node_modules/@tool/linux-x64-gnu": { version: "1.0.0", dev: true, optional: true },
}

const complete = async (packages: object, ...args: readonly string[]) => {
  const file = join(await temporaryFolder(), "package-lock.json")
  await writeFile(file, JSON.stringify({ lockfileVersion: 3, packages }))
  const code = await new Promise<number>((resolve) => {
    execFile(process.execPath, [script, file, ...args], (error) => {
      resolve(typeof error?.code === "number" ? error.code : 0)
    })
  })
  const lock: unknown = JSON.parse(await readFile(file, "utf8"))
  return { code, lock }
}

test("the platform packages that are missing are added, with the platform that their names say", async () => {
  const { code, lock } = await complete(tool)
  expect(code).toBe(0)
  expect(lock).toEqual({
    lockfileVersion: 3,
    packages: {
      ...tool,
      "node_modules/@tool/linux-x64-musl": {
        version: "1.0.0",
        dev: true,
        optional: true,
        os: ["linux"],
        cpu: ["x64"],
        libc: ["musl"],
      },
      "node_modules/@tool/darwin-arm64": {
        version: "1.0.0",
        dev: true,
        optional: true,
        os: ["darwin"],
        cpu: ["arm64"],
      },
    },
  })
})

test("a package that is nested beside its dependent is not missing", async () => {
  const { lock } = await complete({
    "node_modules/a/node_modules/tool": { version: "1.0.0", optionalDependencies: { "x-darwin": "1.0.0" } },
    "node_modules/a/node_modules/x-darwin": { version: "1.0.0" },
  })
  expect(Object.keys(Object(Object(lock).packages))).toHaveLength(2)
})

test("--check changes nothing and ends with 1 where something is missing", async () => {
  const { code, lock } = await complete(tool, "--check")
  expect(code).toBe(1)
  expect(Object(lock).packages).toEqual(tool)
})

test("the lockfile of this repository is complete", async () => {
  const lock: unknown = JSON.parse(
    await readFile(new URL("../../package-lock.json", import.meta.url), "utf8"),
  )
  expect((await complete(Object(Object(lock).packages), "--check")).code).toBe(0)
})
