import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { openLibrarySearch } from "../../../src/models/gpu/cuda-libraries.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const withLibrary = (): string => {
  const folder = temporaryDirectory()
  writeFileSync(join(folder, "libcudart.so.12.4.127"), "")
  symlinkSync("libcudart.so.12.4.127", join(folder, "libcudart.so.12"))
  return folder
}

describe("openLibrarySearch", () => {
  test("finds what LD_LIBRARY_PATH leads to, and its version", async () => {
    const folder = withLibrary()
    const find = await openLibrarySearch({ LD_LIBRARY_PATH: `/nowhere:${folder}` }, [])
    expect(find("libcudart.so.12")).toEqual({
      name: "libcudart.so.12",
      path: join(folder, "libcudart.so.12"),
      version: "12.4.127",
      isReachable: true,
    })
    expect(find("libcudart.so.11")).toBeUndefined()
  })

  test("tells what is there but not where the loader looks", async () => {
    const folder = withLibrary()
    const find = await openLibrarySearch({}, [folder])
    expect(find("libcudart.so.12")).toMatchObject({ version: "12.4.127", isReachable: false })
  })
})
