import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { pssMib } from "../../src/cli/process-memory.ts"
import { ownTicks, TICKS_PER_SECOND } from "../machine.ts"
import { type Bar, type Findings, measured } from "../result.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"
import { listeningToTalk } from "./listening.ts"

/** The product as it was built, not the copy that the benchmarks are compiled with. */
const CLI = fileURLToPath(new URL("../../../cli/main.js", import.meta.url))
const READY_MS = 60_000

/** Jett as a process: how fast it starts, what it takes while it only listens, how much memory it holds. */
export const processes: Target = async (options) => {
  if (!existsSync(CLI)) throw new Error(`${CLI} is not there: run npm run bench, which builds it`)
  const starts = await measureStarts(options)
  const daemon = await measureDaemon(options)
  const talkPercent = await listeningToTalk(options)
  return {
    measurements: starts.measurements,
    bars: [...starts.bars, ...daemon.bars],
    notes: [
      ...starts.notes,
      ...daemon.notes,
      `wake word and voice activity while somebody talks, but not to Jett: ${talkPercent.toFixed(1)} % of one core`,
    ],
  }
}

const measureStarts = async (options: TargetOptions): Promise<Findings> => {
  const count = amount(options, 3, 15)
  const times = async (...args: readonly string[]) => {
    const ms: number[] = []
    for (let i = 0; i <= count; i++) {
      const fromMs = monotonicClock.now()
      await run(args, options.signal)
      // The first one finds the files not yet in memory.
      if (i > 0) ms.push(monotonicClock.now() - fromMs)
    }
    return measured(`jett ${args.join(" ")}`, "ms", ms)
  }
  const version = await times("--version")
  const check = await times("config", "check")
  const bar = (what: string, found: number, limit: number): Bar => ({
    what,
    found,
    limit,
    sense: "at most",
    unit: "ms",
    indicative: tooFew(count, 10),
  })
  return {
    measurements: [version, check],
    bars: [bar("jett --version, p50", version.p50, 200), bar("jett config check, p50", check.p50, 400)],
    notes: [],
  }
}

/** A daemon of its own, with silence for a microphone: it asks itself one free question, so that every model is loaded. */
const measureDaemon = async ({ progress, quick, signal }: TargetOptions): Promise<Findings> => {
  const folder = mkdtempSync(join(tmpdir(), "jett-bench-"))
  const env = {
    ...process.env,
    XDG_RUNTIME_DIR: folder,
    XDG_STATE_HOME: folder,
    JETT_AUDIO_BACKEND: "null",
    JETT_LLM_PROVIDER: "embedded",
  }
  const daemon = spawn(process.execPath, [CLI, "serve"], { env, stdio: ["ignore", "ignore", "pipe"] })
  const stop = () => daemon.kill("SIGTERM")
  signal.addEventListener("abort", stop)
  try {
    progress.note("process: starting a daemon of its own")
    const readyMs = await readyAfter(daemon.stderr)
    await run(["ask", "What is the capital of France?"], signal, env)
    await new Promise((resolve) => setTimeout(resolve, quick ? 4000 : 8000))
    const rows = processRows(await run(["ps", "--json"], signal, env))
    const seconds = quick ? 5 : 30
    progress.note(`process: listening for ${seconds} s`)
    const listening = rows.filter(({ id }) => id === "listener" || rows.length === 0)
    const before = listening.map(({ pid }) => ownTicks(pid, "alone"))
    const mainBefore = ownTicks(daemon.pid ?? process.pid, "alone")
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const percent = (ticks: number) => (100 * ticks) / TICKS_PER_SECOND / seconds
    const listenerPercent = percent(
      listening.reduce((sum, { pid }, i) => sum + ownTicks(pid, "alone") - (before[i] ?? 0), 0),
    )
    const mainPercent = percent(ownTicks(daemon.pid ?? process.pid, "alone") - mainBefore)
    const mainRssMib = rssMib(daemon.pid ?? process.pid)
    const pids = [...new Set([daemon.pid ?? process.pid, ...rows.map(({ pid }) => pid)])]
    const pss = pids.map((pid) => ({
      id: rows.find((row) => row.pid === pid)?.id ?? "main",
      mib: pssMib(pid) ?? Number.NaN,
    }))
    const bar = (what: string, found: number, limit: number, unit: "%" | "MiB"): Bar => ({
      what,
      found,
      limit,
      sense: "at most",
      unit,
      // Memory is what it is; processor time needs its time.
      indicative: quick && unit === "%",
    })
    return {
      measurements: [],
      bars: [
        bar(
          "wake word and voice activity while listening in a quiet room, of one core",
          listenerPercent,
          4,
          "%",
        ),
        bar("main process, RSS", mainRssMib, 150, "MiB"),
        bar(
          "all processes, PSS, language model loaded",
          pss.reduce((sum, { mib }) => sum + mib, 0),
          1024,
          "MiB",
        ),
      ],
      notes: [
        `serve was ready after ${(readyMs / 1000).toFixed(1)} s; while listening the main process took ${mainPercent.toFixed(1)} % of a core besides`,
        `PSS, MiB: ${pss.map(({ id, mib }) => `${id} ${mib.toFixed(0)}`).join(", ")}`,
      ],
    }
  } finally {
    signal.removeEventListener("abort", stop)
    const ended = new Promise((resolve) => daemon.once("close", resolve))
    stop()
    if (daemon.exitCode === null) await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the command line to its end; rejects with what it said where it fails. Resolves to what it printed. */
const run = (args: readonly string[], signal: AbortSignal, env = process.env): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { env, signal, stdio: ["ignore", "pipe", "pipe"] })
    let printed = ""
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    child.once("error", reject)
    child.once("close", (code) =>
      code === 0
        ? resolve(printed)
        : reject(new Error(`jett ${args.join(" ")} ended with ${code}: ${said.trim()}`)),
    )
  })

const readyAfter = (stderr: NodeJS.ReadableStream): Promise<number> =>
  new Promise((resolve, reject) => {
    const fromMs = monotonicClock.now()
    let said = ""
    const timer = setTimeout(
      () => reject(new Error(`jett serve was not ready after ${READY_MS} ms: ${said}`)),
      READY_MS,
    )
    stderr.setEncoding("utf8")
    stderr.on("data", (text: string) => {
      said += text
      if (!/^ready:/m.test(said)) return
      clearTimeout(timer)
      resolve(monotonicClock.now() - fromMs)
    })
    stderr.once("end", () => {
      clearTimeout(timer)
      reject(new Error(`jett serve ended: ${said}`))
    })
  })

interface Row {
  readonly id: string
  readonly pid: number
}

const processRows = (json: string): readonly Row[] => {
  const found: unknown = JSON.parse(json)
  const rows: unknown =
    typeof found === "object" && found !== null && "processes" in found ? found.processes : []
  return Array.isArray(rows) ? rows.filter(isRow) : []
}

const isRow = (row: unknown): row is Row =>
  typeof row === "object" &&
  row !== null &&
  "id" in row &&
  typeof row.id === "string" &&
  "pid" in row &&
  typeof row.pid === "number"

const rssMib = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024
