import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os"

/** Where and how busily something was measured. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly os: string
  readonly node: string
  /** One-minute load averages; the one at the end holds our own work. */
  readonly loadAtStart: number
  readonly loadAtEnd: number
  /** Share of all processor time, in %, that others used meanwhile. Undefined where the system does not tell. */
  readonly othersPercent: number | undefined
  /** Share that a hypervisor took away, in %. */
  readonly stolenPercent: number | undefined
  /** What makes these numbers doubtful. */
  readonly warnings: readonly string[]
}

const BUSY_LOAD_PER_CORE = 0.5
const BUSY_OTHERS_PERCENT = 10
const BUSY_STOLEN_PERCENT = 2

/** Begins to watch the machine; the returned function ends it. Child processes must have ended by then. */
export const watchMachine = (): (() => Machine) => {
  const loadAtStart = oneMinuteLoad()
  const before = processorTimes()
  return () => {
    const after = processorTimes()
    const cores = availableParallelism()
    const share = (part: "others" | "stolen") =>
      before === undefined || after === undefined || after.total <= before.total
        ? undefined
        : round(Math.max(0, (100 * (after[part] - before[part])) / (after.total - before.total)))
    const othersPercent = share("others")
    const stolenPercent = share("stolen")
    const warnings = [
      ...(loadAtStart > BUSY_LOAD_PER_CORE * cores
        ? [`the machine was busy before the start (load ${loadAtStart} on ${cores} cores)`]
        : []),
      ...((othersPercent ?? 0) > BUSY_OTHERS_PERCENT
        ? [`other processes used ${othersPercent} % of the machine meanwhile`]
        : []),
      ...((stolenPercent ?? 0) > BUSY_STOLEN_PERCENT
        ? [`the hypervisor took ${stolenPercent} % of the machine away`]
        : []),
    ]
    return {
      cpu: cpuModel(),
      cores,
      memoryGib: round(totalmem() / 1024 ** 3),
      os: osName(),
      node: process.version,
      loadAtStart,
      loadAtEnd: oneMinuteLoad(),
      othersPercent,
      stolenPercent,
      warnings,
    }
  }
}

/** The commit that was measured, with "+" where the checkout differs from it. */
export const revisionOf = (folder: URL): string => {
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  try {
    // Results are written beside what they are the results of.
    const watched = [
      "src",
      "benchmarks",
      "package-lock.json",
      ":!benchmarks/results",
      ":!benchmarks/RESULTS.md",
    ]
    const changed = git("status", "--porcelain", "--", ...watched) !== ""
    return `${git("rev-parse", "--short=12", "HEAD")}${changed ? "+" : ""}`
  } catch {
    return "unknown"
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

const oneMinuteLoad = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

const cpuModel = (): string => cpus()[0]?.model.trim().replace(/\s+/g, " ") || "unknown"

const osName = (): string => {
  try {
    const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]
    return `${name ?? type()} (${type()} ${release()})`
  } catch {
    return `${type()} ${release()}`
  }
}

/** Processor time in clock ticks: of all, of all but us and our ended children, and what was stolen. */
const processorTimes = () => {
  try {
    const all = (/^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1] ?? "").split(" ").map(Number)
    const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softIrq = 0, stolen = 0] = all
    const own = ownTicks("self", "with-children")
    const busy = user + nice + system + irq + softIrq
    return { total: busy + idle + waiting + stolen, others: busy - own, stolen }
  } catch {
    return undefined
  }
}

/** What Linux counts processor time in. */
export const TICKS_PER_SECOND = 100

/** Processor time of a process so far, in clock ticks. */
export const ownTicks = (pid: number | "self", children: "alone" | "with-children"): number => {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1")
  // The name in parentheses may hold spaces; what follows it does not. utime is field 14 of the whole.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number)
  return fields.slice(11, children === "alone" ? 13 : 15).reduce((sum, ticks) => sum + ticks, 0)
}
