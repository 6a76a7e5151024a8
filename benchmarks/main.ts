import { writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"
import type { CommandContext } from "../src/cli/command.ts"
import { ExitCode } from "../src/cli/exit-code.ts"
import { usageFailure } from "../src/cli/failure.ts"
import { switchOption, textOption } from "../src/cli/options.ts"
import { loadSettings } from "../src/cli/settings.ts"
import { namedSettings } from "../src/config/definition.ts"
import { modelsFolder } from "../src/config/paths.ts"
import { settingValue } from "../src/config/setting-value.ts"
import { Corpus } from "./corpus/corpus.ts"
import { Speakers } from "./corpus/speakers.ts"
import { makeWholeCorpus } from "./corpus/whole.ts"
import { keepResult } from "./kept-results.ts"
import { revisionOf, watchMachine } from "./machine.ts"
import { stderrProgress } from "./progress.ts"
import { barLine, textReport } from "./report.ts"
import { type Findings, type Result, verdictOf } from "./result.ts"
import type { Target } from "./target.ts"

/** Loaded one by one: what is not measured must not take memory. */
const targets: Readonly<Record<string, () => Promise<Target>>> = {
  voice: async () => (await import("./targets/voice.ts")).voice,
  stt: async () => (await import("./targets/stt.ts")).stt,
  tts: async () => (await import("./targets/tts.ts")).tts,
  wake: async () => (await import("./targets/wake.ts")).wake,
  llm: async () => (await import("./targets/llm.ts")).llm,
  process: async () => (await import("./targets/process.ts")).processes,
  residency: async () => (await import("./targets/residency.ts")).residency,
  recovery: async () => (await import("./targets/recovery.ts")).recovery,
  growth: async () => (await import("./targets/growth.ts")).growth,
  chaos: async () => (await import("./targets/chaos.ts")).chaos,
  audit: async () => (await import("./targets/audit.ts")).audit,
  "challenge-words": async () => (await import("./targets/challenge-words.ts")).challengeWords,
  guard: async () => (await import("./targets/guard.ts")).guard,
  attacks: async () => (await import("./targets/attacks.ts")).attacks,
  "guard-crash": async () => (await import("./targets/guard-crash.ts")).guardCrash,
  // Last where all are run: it needs a sound server.
  "barge-in": async () => (await import("./targets/barge-in.ts")).bargeIn,
}

/** The checkout's root, from `dist/with-benchmarks/benchmarks/`. */
const CHECKOUT = new URL("../../../", import.meta.url)

/**
 * Runs the benchmarks that are named, all where none is; `corpus` only makes the recordings that they need. Exit code 1
 * where a bar is not met.
 */
export async function run(context: CommandContext): Promise<number> {
  const { args, env, io, json, options, signal } = context
  const names = args.length === 0 ? Object.keys(targets) : args
  const unknown = names.find((name) => name !== "corpus" && !Object.hasOwn(targets, name))
  if (unknown !== undefined)
    throw usageFailure(
      `there is no benchmark "${unknown}": ${[...Object.keys(targets), "corpus"].join(", ")}`,
    )
  const { config } = loadSettings(context)
  const progress = stderrProgress(io.stderrIsTerminal, io.note)
  const corpus = new Corpus({
    folder: join(cacheFolder(env), "corpus"),
    speakers: new Speakers(modelsFolder(config, env)),
    progress,
  })
  const results: Result[] = []
  for (const name of names) {
    if (name === "corpus") await makeWholeCorpus(corpus, signal)
    const target = await targets[name]?.()
    if (target === undefined) continue
    const result = await measure(context, name, (count, quick) =>
      target({ config, corpus, progress, quick, count, signal }),
    )
    results.push(result)
    io.note(textReport(result))
    if (switchOption(options, "write")) keepResult(new URL("benchmarks/", CHECKOUT), result)
  }
  const document = `${JSON.stringify(results.length === 1 ? results[0] : results, undefined, 2)}\n`
  if (json) io.out(document)
  const file = textOption(options, "out")
  if (file !== undefined) writeFileSync(file, document)
  const notMet = results.flatMap(({ benchmark, bars }) =>
    bars.filter((bar) => verdictOf(bar) === "FAIL").map((bar) => `${benchmark}: ${barLine(bar)}`),
  )
  for (const line of notMet) io.note(`\nNOT MET: ${line}\n`)
  return notMet.length === 0 ? ExitCode.ok : ExitCode.failure
}

/** Watches the machine while `target` runs. */
const measure = async (
  context: CommandContext,
  name: string,
  target: (count: number | undefined, quick: boolean) => Promise<Findings>,
): Promise<Result> => {
  const quick = switchOption(context.options, "quick")
  const startedAt = new Date()
  const stopWatching = watchMachine()
  const findings = await target(countOption(context), quick)
  return {
    benchmark: name,
    quick,
    startedAt: startedAt.toISOString(),
    durationSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    revision: revisionOf(CHECKOUT),
    machine: stopWatching(),
    settings: changedSettings(context),
    ...findings,
  }
}

const countOption = ({ options }: CommandContext): number | undefined => {
  const text = textOption(options, "count")
  if (text === undefined) return undefined
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw usageFailure(`--count ${text}: expected a whole number of 1 to 1000`)
  return count
}

const untold: ReadonlySet<string> = new Set(["privacy", "docker", "guard"])

/** Settings that somebody changed, except those that say nothing about the numbers. */
const changedSettings = (context: CommandContext): Readonly<Record<string, string>> => {
  const { config, origins } = loadSettings(context)
  const changed: Record<string, string> = {}
  for (const named of namedSettings) {
    const { key, section } = named
    if (origins.get(key)?.from === "default" || untold.has(section) || key === "models.dir") continue
    changed[key] = String(settingValue(config, named))
  }
  return changed
}

/** `$XDG_CACHE_HOME/jett`: what can be made again. */
const cacheFolder = (env: CommandContext["env"]): string => {
  const configured = env["XDG_CACHE_HOME"]
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), ".cache")
  return join(base, "jett")
}
