import { statSync } from "node:fs"
import type { LoadedConfig } from "../../config/load-config.ts"
import { messageOf } from "../failure.ts"
import { type Check, fail, ok, warn } from "./check.ts"

export function configCheck(load: () => LoadedConfig): Check {
  return {
    id: "config.valid",
    run: () => {
      let loaded: LoadedConfig
      try {
        loaded = load()
      } catch (error) {
        return fail(
          messageOf(error).replaceAll("\n", "; "),
          "correct it; `jett config check` says when it is right",
        )
      }
      const { file, fileExists, warnings } = loaded
      if (!fileExists) return ok(`${file} does not exist: the defaults are used`)
      if ((statSync(file).mode & 0o022) !== 0) {
        return warn(`${file} can be written by others`, `run chmod 600 ${file}`)
      }
      if (warnings.length > 0)
        return warn(warnings.join("; "), "change the setting, or leave it if it is meant")
      return ok(file)
    },
  }
}
