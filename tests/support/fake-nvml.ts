import { execFileSync } from "node:child_process"
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const source = fileURLToPath(new URL("../fixtures/fake-nvml.c", import.meta.url))

/** A FAKE libnvidia-ml.so.1, compiled into `folder` and driven by a state file; see tests/fixtures/fake-nvml.c. */
export class FakeNvml {
  readonly library: string
  /** For whoever loads the library; `LD_LIBRARY_PATH` lets it be found by its name. */
  readonly env: Readonly<Record<string, string>>
  readonly #stateFile: string

  constructor(folder: string, driver: "current" | "old" = "current") {
    this.library = join(folder, "libnvidia-ml.so.1")
    this.#stateFile = join(folder, "nvml-state")
    this.env = { FAKE_NVML_STATE: this.#stateFile, LD_LIBRARY_PATH: folder }
    const flags = driver === "old" ? ["-DOLD_DRIVER"] : []
    execFileSync("cc", ["-shared", "-fPIC", "-O1", ...flags, "-o", this.library, source])
    this.set([])
  }

  set(entries: readonly (readonly [key: string, value: number | string])[]): void {
    writeFileSync(`${this.#stateFile}.new`, entries.map(([key, value]) => `${key} ${value}\n`).join(""))
    renameSync(`${this.#stateFile}.new`, this.#stateFile)
  }
}
