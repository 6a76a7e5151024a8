import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { verifyFiles } from "../../src/models/verify-files.ts"

/** SHA-256 of "abc", from FIPS 180-4. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

describe("the check of model files", () => {
  let folder = ""
  let path = ""

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "jett-verify-"))
    path = join(folder, "a.onnx")
    await writeFile(path, "abc")
  })
  afterEach(() => rm(folder, { recursive: true }))

  const verify = (sha256: Record<string, string>) => verifyFiles("m", { files: { "a.onnx": path }, sha256 })

  it("accepts the expected bytes, whatever the case of the hash", async () => {
    await verify({ "a.onnx": ABC })
    await verify({ "a.onnx": ABC.toUpperCase() })
  })

  it("refuses one changed or missing byte, with found, expected and the fix", async () => {
    await writeFile(path, "abd")
    await expect(verify({ "a.onnx": ABC })).rejects.toThrow(
      new RegExp(`a\\.onnx has SHA-256 [0-9a-f]{64}, expected ${ABC}.*jett models pull m`),
    )
    await writeFile(path, "ab")
    await expect(verify({ "a.onnx": ABC })).rejects.toThrow("expected")
  })

  it("refuses a file without a known hash, and one that is not there", async () => {
    await expect(verify({})).rejects.toThrow("no SHA-256 is known for a.onnx")
    await rm(path)
    await expect(verify({ "a.onnx": ABC })).rejects.toThrow(/cannot read .*ENOENT/)
  })
})
