import type { lintSource } from "@secretlint/core"
import type { Span } from "./span.ts"

/** Of the text that is given to the rules at once: not all of them are linear in it. In UTF-16 units. */
const CHUNK_CHARS = 16_384
/** A key in a longer line may be cut; the next chunk begins so much earlier. */
const OVERLAP_CHARS = 2_048

/**
 * Keys of known services, found by secretlint's recommended rules, which are loaded when they are first needed (54 ms,
 * 10 MiB). Rejects where they cannot be loaded or fail.
 */
export const findServiceKeys = async (text: string): Promise<readonly Span[]> => {
  rules ??= loadRules()
  const lint = await rules
  const spans: Span[] = []
  for (const { start, end } of chunksOf(text))
    for (const [from, to] of await lint(text.slice(start, end)))
      spans.push({ start: start + from, end: start + to, kind: "token" })
  return spans
}

type Ranges = readonly (readonly [from: number, to: number])[]

let rules: Promise<(text: string) => Promise<Ranges>> | undefined

const loadRules = async (): Promise<(text: string) => Promise<Ranges>> => {
  const [core, preset, profiler] = await Promise.all([
    import("@secretlint/core"),
    import("@secretlint/secretlint-rule-preset-recommend"),
    import("@secretlint/profiler"),
  ])
  // It keeps some 60 marks of each call for ever, in an array of its own and in the process's list.
  profiler.secretLintProfiler.mark = () => {}
  const config: LintConfig = {
    rules: [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: preset.creator }],
  }
  return async (text) => {
    // A log line that says "secretlint-disable" would switch the rules off; the preset has no option against it.
    const content = text.replaceAll("secretlint-", "secretlint_")
    const found = await core.lintSource({
      source: { filePath: "text", content, contentType: "text" },
      options: { config, noPhysicFilePath: true },
    })
    return found.messages.flatMap(({ range }) => {
      const [from, to] = range
      return from === undefined || to === undefined ? [] : [[from, to] as const]
    })
  }
}

type LintConfig = Parameters<typeof lintSource>[0]["options"]["config"]

/** Cut at line ends where there are some. */
const chunksOf = (text: string): readonly { readonly start: number; readonly end: number }[] => {
  const chunks: { start: number; end: number }[] = []
  for (let start = 0; start < text.length; ) {
    if (text.length - start <= CHUNK_CHARS) return [...chunks, { start, end: text.length }]
    const line = text.slice(start, start + CHUNK_CHARS).lastIndexOf("\n")
    const end = line > 0 ? start + line + 1 : start + CHUNK_CHARS
    chunks.push({ start, end })
    start = line > 0 ? end : end - OVERLAP_CHARS
  }
  return chunks
}
