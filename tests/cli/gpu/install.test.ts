import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { gpuInstaller } from "../../../src/cli/gpu/install.ts"
import { describeCudaProvider } from "../../../src/models/gpu/cuda-provider.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const providerWith = (source: string) => {
  const script = join(temporaryDirectory(), "install.mjs")
  writeFileSync(script, source)
  return { ...describeCudaProvider(), script }
}

const signal = new AbortController().signal

describe("the script of onnxruntime-node", () => {
  test("is run for CUDA, whatever npm's configuration says, and its words are passed on", async () => {
    const provider = providerWith(`console.log(process.argv[2], process.env.ONNXRUNTIME_NODE_INSTALL)`)
    let said = ""
    const say = (text: string) => {
      said += text
    }
    await gpuInstaller.fetch(provider, say, signal)
    expect(said).toBe("--onnxruntime-node-install=cuda12 cuda12\n")
  })

  test("fails with what it threw, or with how it ended", async () => {
    const throwing = providerWith(`void Promise.reject(new Error("no such package"))`)
    await expect(gpuInstaller.fetch(throwing, () => undefined, signal)).rejects.toThrow("no such package")
    const exiting = providerWith(`process.exit(7)`)
    await expect(gpuInstaller.fetch(exiting, () => undefined, signal)).rejects.toThrow("exit 7")
  })

  test("is ended when the user gives up", async () => {
    const waiting = providerWith(`setInterval(() => {}, 1000); console.log("here")`)
    const giveUp = new AbortController()
    const fetched = gpuInstaller.fetch(waiting, () => giveUp.abort(), giveUp.signal)
    await expect(fetched).rejects.toThrow("aborted")
  })
})

describe("what was installed", () => {
  test("is looked at file by file, and a page of HTML is no library", async () => {
    const folder = temporaryDirectory()
    const file = join(folder, "libonnxruntime_providers_cuda.so")
    const provider = { ...describeCudaProvider(), files: [file] }
    await expect(gpuInstaller.inspect(provider)).rejects.toThrow("ENOENT")
    writeFileSync(file, "<html>")
    await expect(gpuInstaller.inspect(provider)).rejects.toThrow("is no library for x86-64 Linux")
  })
})
