import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { markdownReport } from "./report.ts"
import type { Result } from "./result.ts"

/** Keeps a result and writes RESULTS.md anew from all that are kept. `folder` is `benchmarks/`, as a URL with a slash. */
export const keepResult = (folder: URL, result: Result): void => {
  const kept = new URL("results/", folder)
  mkdirSync(kept, { recursive: true })
  writeFileSync(new URL(`${result.benchmark}.json`, kept), `${JSON.stringify(result, undefined, 2)}\n`)
  const results = readdirSync(kept)
    .filter((name) => name.endsWith(".json"))
    .map((name): unknown => JSON.parse(readFileSync(new URL(name, kept), "utf8")))
    .filter(isResult)
    .toSorted((a, b) => order(a) - order(b))
  writeFileSync(new URL("RESULTS.md", folder), markdownReport(results))
}

const ORDER = [
  ...["voice", "barge-in", "wake", "stt", "tts", "llm", "process"],
  ...["residency", "recovery", "growth", "chaos", "challenge-words", "guard", "audit"],
]

const order = ({ benchmark }: Result): number => ORDER.indexOf(benchmark)

/** Only this file writes them; what is from another version is left out. */
const isResult = (found: unknown): found is Result =>
  typeof found === "object" &&
  found !== null &&
  "benchmark" in found &&
  "bars" in found &&
  "measurements" in found &&
  "machine" in found
