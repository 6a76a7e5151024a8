import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import { makeModelStore } from "../../src/models/store.ts"
import { verifyModels } from "../../src/models/verify.ts"
import { fromUrl, manifestOf, sha256, someBytes, temporaryFolder } from "../support/model-fixture.ts"

const weights = someBytes(64)
const config = someBytes(16, 2)
const manifest = manifestOf([
  { name: "w.onnx", content: weights, sources: fromUrl("https://example.org/w") },
  { name: "c.json", content: config, sources: fromUrl("https://example.org/c") },
])

const storeWith = async (files: Readonly<Record<string, Uint8Array>>) => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, "m"))
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, "m", name), content)
  return { directory, store: makeModelStore(directory, { manifest }) }
}

const verify = async (directory: string, hash: boolean) => {
  const states: string[] = []
  for await (const file of verifyModels(directory, manifest.models, { hash })) states.push(file.state)
  return states
}

test("an installed model has absolute paths and the expected hashes by file name", async () => {
  const { directory, store } = await storeWith({ "w.onnx": weights, "c.json": config })
  const installed = await Effect.runPromise(store.installed("m"))
  expect(installed).toEqual({
    id: "m",
    engine: "piper",
    files: { "w.onnx": join(directory, "m", "w.onnx"), "c.json": join(directory, "m", "c.json") },
    sha256: { "w.onnx": sha256(weights), "c.json": sha256(config) },
  })
})

test("a missing file and a half-written one make the model missing, with the command that fetches it", async () => {
  const { store } = await storeWith({ "w.onnx": weights.subarray(0, 10) })
  const failure = await Effect.runPromise(Effect.flip(store.installed("m")))
  expect(failure).toMatchObject({ _tag: "ModelFailure", model: "m", reason: "missing" })
  expect(failure.message).toContain("w.onnx (wrong size), c.json (missing)")
  expect(failure.message).toContain("npx jett models pull m")
})

test("an unknown model is missing and the known ones are named", async () => {
  const { store } = await storeWith({})
  const failure = await Effect.runPromise(Effect.flip(store.installed("nope")))
  expect(failure.message).toBe('unknown model "nope"; known are m')
})

test("verification finds the file that was altered without a change of size", async () => {
  const altered = Buffer.from(weights)
  altered[32] = (altered[32] ?? 0) ^ 1
  const { directory } = await storeWith({ "w.onnx": altered, "c.json": config })
  expect(await verify(directory, false)).toEqual(["ok", "ok"])
  expect(await verify(directory, true)).toEqual(["altered", "ok"])
})

test("a folder in the place of a file is not a file", async () => {
  const { directory } = await storeWith({ "c.json": config })
  await mkdir(join(directory, "m", "w.onnx"))
  expect(await verify(directory, true)).toEqual(["missing", "ok"])
})
