import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { replaceFile } from "../../src/platform/replace-file.ts"
import { temporaryDirectory } from "../support/cli.ts"

test("the file has the new text, is this user's alone, and nothing is left beside it", async () => {
  const folder = join(temporaryDirectory(), "made", "here")
  const path = join(folder, "kept.json")
  await replaceFile(path, "one\n")
  await replaceFile(path, "two\n")
  expect(readFileSync(path, "utf8")).toBe("two\n")
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(readdirSync(folder)).toEqual(["kept.json"])
})

test("writers at the same time each put a whole text there", async () => {
  const path = join(temporaryDirectory(), "kept")
  const texts = Array.from({ length: 20 }, (_, at) => String(at).repeat(10_000))
  await Promise.all(texts.map((text) => replaceFile(path, text)))
  expect(texts).toContain(readFileSync(path, "utf8"))
  expect(readdirSync(join(path, ".."))).toEqual(["kept"])
})

test("what cannot be put in its place is told, and leaves nothing beside it", async () => {
  const folder = temporaryDirectory()
  const path = join(folder, "a-folder")
  mkdirSync(join(path, "with-something"), { recursive: true })
  await expect(replaceFile(path, "text")).rejects.toMatchObject({ syscall: "rename" })
  expect(readdirSync(folder)).toEqual(["a-folder"])
})
