import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { describe, expect, test } from "vitest"
import { neededLibraries } from "../../../src/models/gpu/elf-needed.ts"
import { temporaryDirectory } from "../../support/cli.ts"

const onnxRuntime = join(
  dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")),
  "bin/napi-v6/linux/x64",
)

describe("neededLibraries", () => {
  // What `readelf -d` prints for the libraries of onnxruntime-node 1.30.0.
  test("reads what a library asks the loader for", async () => {
    expect(await neededLibraries(join(onnxRuntime, "onnxruntime_binding.node"))).toContain(
      "libonnxruntime.so.1",
    )
    expect(await neededLibraries(join(onnxRuntime, "libonnxruntime.so.1"))).toEqual([
      "libdl.so.2",
      "librt.so.1",
      "libpthread.so.0",
      "libstdc++.so.6",
      "libm.so.6",
      "libgcc_s.so.1",
      "libc.so.6",
      "ld-linux-x86-64.so.2",
    ])
  })

  test.each(["", "<html>not found</html>", "\u007fELF\u0002\u0001 and no more"])(
    "refuses a file that is no library: %j",
    async (content) => {
      const file = join(temporaryDirectory(), "page.so")
      writeFileSync(file, content, "latin1")
      await expect(neededLibraries(file)).rejects.toThrow("is no library for x86-64 Linux")
    },
  )
})
