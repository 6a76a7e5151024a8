import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { env } from "onnxruntime-node"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { describeCudaProvider, isProviderInstalled } from "../../src/models/gpu/cuda-provider.ts"
import {
  batchProfile,
  floatsOf,
  openSession,
  requiredFile,
  requiredFileMatching,
  Tensor,
} from "../../src/models/onnx.ts"

let folder: string
beforeAll(async () => {
  // It would complain on our own error output about the CUDA libraries that are asked for in vain here.
  env.logLevel = "fatal"
  folder = await mkdtemp(join(tmpdir(), "jett-onnx-"))
})
afterAll(() => rm(folder, { recursive: true }))

const options = { files: { "b.onnx": "/m/b.onnx", "b.onnx.json": "/m/b.onnx.json" }, sha256: {}, threads: 1 }

/** An ONNX model, as protocol buffer: y = x, one float. */
const field = (number: number, value: number | string | Buffer): Buffer => {
  if (typeof value === "number") return Buffer.from([number << 3, value])
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields)
const oneFloat = (name: string): Buffer =>
  message(field(1, name), field(2, field(1, message(field(1, 1), field(2, field(1, field(1, 1)))))))
const identityModel = message(
  field(1, 8),
  field(8, field(2, 13)),
  field(
    7,
    message(
      field(1, message(field(1, "x"), field(2, "y"), field(4, "Identity"))),
      field(2, "graph"),
      field(11, oneFloat("x")),
      field(12, oneFloat("y")),
    ),
  ),
)

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

describe.skipIf(isProviderInstalled(describeCudaProvider()))("opening a model on the GPU", () => {
  let file: string
  beforeAll(async () => {
    file = join(folder, "identity.onnx")
    await writeFile(file, identityModel)
  })

  // Without the CUDA libraries the refusal is real; CUDA itself is not tested here.
  it("falls back to the processor, and says so and why", async () => {
    const profile = batchProfile({
      files: {},
      sha256: {},
      threads: 1,
      parameters: { executionProvider: "cuda" },
    })
    const session = await openSession(file, profile)
    const outputs = await session.run({ x: new Tensor("float32", Float32Array.of(7), [1]) })
    expect(floatsOf(outputs, "y")).toEqual(Float32Array.of(7))
    expect(profile.notice).toMatch(
      /^identity\.onnx runs on the processor, not on the GPU: .*Failed to load shared library.*gpu status/,
    )
    expect(profile.placement).toBe("cpu")
    expect(profile.executionProvider).toBe("cpu")
  })

  it("fails where nobody would hear that it fell back", async () => {
    const profile = { type: "batch", threads: 1, executionProvider: "cuda" } as const
    await expect(openSession(file, profile)).rejects.toThrow("Failed to load shared library")
  })

  it("is not tried unless it is asked for, and nothing else can be asked for", async () => {
    const profile = batchProfile({ files: {}, sha256: {}, threads: 1 })
    await openSession(file, profile)
    expect(profile.notice).toBeUndefined()
    expect(profile.placement).toBe("cpu")
    expect(() => batchProfile({ ...options, parameters: { executionProvider: "tpu" } })).toThrow(
      'executionProvider is tpu, expected "cuda" or "cpu"',
    )
  })
})

describe("where a model of several sessions is", () => {
  const profile = () => batchProfile({ ...options, parameters: { executionProvider: "cuda" } })

  it("is the GPU as soon as a part of it is there, whatever falls back later", () => {
    const found = profile()
    found.onCuda?.()
    found.onFallback?.("its decoder runs on the processor")
    expect(found).toMatchObject({ placement: "gpu", notice: "its decoder runs on the processor" })
  })

  it("is the processor if the first of them falls back, because then no other tries CUDA", () => {
    const found = profile()
    expect(found.executionProvider).toBe("cuda")
    found.onFallback?.("its encoder runs on the processor")
    expect(found).toMatchObject({ placement: "cpu", executionProvider: "cpu" })
  })
})

describe("reading an output", () => {
  it("names what is missing or of the wrong type", () => {
    const outputs = { ids: new Tensor("int64", BigInt64Array.of(1n), [1]) }
    expect(() => floatsOf(outputs, "logits")).toThrow("The model has no output logits; it has: ids")
    expect(() => floatsOf(outputs, "ids")).toThrow("Output ids is BigInt64Array, expected Float32Array")
  })
})
