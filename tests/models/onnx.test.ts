import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { floatsOf, openSession, requiredFile, requiredFileMatching, Tensor } from "../../src/models/onnx.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jett-onnx-"))
})
afterAll(() => rm(folder, { recursive: true }))

const options = { files: { "b.onnx": "/m/b.onnx", "b.onnx.json": "/m/b.onnx.json" }, sha256: {}, threads: 1 }

describe("the files of a model", () => {
  it("are found by name or by how the name ends", () => {
    expect(requiredFile(options, "b.onnx")).toBe("/m/b.onnx")
    expect(requiredFileMatching(options, ".onnx")).toBe("/m/b.onnx")
    expect(requiredFileMatching(options, ".onnx.json")).toBe("/m/b.onnx.json")
  })

  it("are named, with what is there, when one is missing", () => {
    expect(() => requiredFile(options, "tokenizer.bin")).toThrow(
      "The model lacks tokenizer.bin; its files are: b.onnx, b.onnx.json. Pull it again.",
    )
    expect(() => requiredFileMatching(options, ".ort")).toThrow("The model lacks *.ort")
  })
})

describe("opening a model", () => {
  it.each(["not a model at all", ""])("fails with the file's name for the content %j", async (content) => {
    const file = join(folder, "broken.onnx")
    await writeFile(file, content)
    await expect(openSession(file, { type: "always-on" })).rejects.toMatchObject({
      code: "load-failed",
      message: expect.stringContaining(`ONNX Runtime cannot open ${file}`),
    })
  })

  it("fails with the file's name where there is none", async () => {
    await expect(openSession(join(folder, "none.onnx"), { type: "batch", threads: 2 })).rejects.toMatchObject(
      {
        code: "load-failed",
      },
    )
  })
})

describe("reading an output", () => {
  it("names what is missing or of the wrong type", () => {
    const outputs = { ids: new Tensor("int64", BigInt64Array.of(1n), [1]) }
    expect(() => floatsOf(outputs, "logits")).toThrow("The model has no output logits; it has: ids")
    expect(() => floatsOf(outputs, "ids")).toThrow("Output ids is BigInt64Array, expected Float32Array")
  })
})
