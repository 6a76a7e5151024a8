import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { RuntimeFolderError, runtimeFolder } from "../../src/service/runtime-folder.ts"
import { temporaryDirectory } from "../support/cli.ts"

const inFolder = (folder: string) => runtimeFolder({ XDG_RUNTIME_DIR: folder })

test("the folder is made, closed to others, and found again", () => {
  const base = temporaryDirectory()
  expect(inFolder(base)).toBe(join(base, "jett"))
  expect(statSync(join(base, "jett")).mode & 0o777).toBe(0o700)
  expect(inFolder(base)).toBe(join(base, "jett"))
})

test.each([undefined, "relative", "/nonexistent/folder", "/proc/1/nope"])(
  "where XDG_RUNTIME_DIR is %s, another folder of the user is taken",
  (variable) => {
    const folder = runtimeFolder({ XDG_RUNTIME_DIR: variable })
    const uid = process.getuid?.()
    expect([join(tmpdir(), `jett-${uid}`), `/run/user/${uid}/jett`]).toContain(folder)
  },
)

test("a folder that others may open is refused", () => {
  const base = temporaryDirectory()
  mkdirSync(join(base, "jett"))
  chmodSync(join(base, "jett"), 0o755)
  expect(() => inFolder(base)).toThrow(/mode 755; expected a folder of user \d+ with mode 700/)
})

test("a link or a file in its place is refused", () => {
  const base = temporaryDirectory()
  const other = temporaryDirectory()
  symlinkSync(other, join(base, "jett"))
  expect(() => inFolder(base)).toThrow(/a symbolic link/)
  writeFileSync(join(other, "jett"), "")
  expect(() => inFolder(other)).toThrow(RuntimeFolderError)
})

test("a folder too deep for a socket is refused with the fix", () => {
  const deep = join(temporaryDirectory(), "x".repeat(90))
  mkdirSync(deep)
  expect(() => inFolder(deep)).toThrow(/Set XDG_RUNTIME_DIR to a shorter one/)
})
