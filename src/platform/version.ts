import { readFileSync } from "node:fs"

/** The version of this installation; the same two steps up from `src/cli` and from `dist/cli`. */
export function readVersion(): string {
  const found: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  const version =
    typeof found === "object" && found !== null && "version" in found ? found.version : undefined
  return typeof version === "string" ? version : "unknown"
}
