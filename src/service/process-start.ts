import { readFileSync } from "node:fs"

/**
 * What tells a process from an earlier one of the same pid: the boot and the tick of its start, or undefined where no
 * such process lives (a zombie does not). Without /proc, only whether it lives can be known.
 */
export function processStart(pid: number): string | undefined {
  const boot = bootId()
  if (boot === undefined) return isAlive(pid) ? "alive" : undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The name in brackets may hold anything, spaces and brackets included; the fields follow the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const state = fields[0]
    return state === "Z" || state === "X" ? undefined : `${boot}.${fields[19]}`
  } catch {
    return undefined
  }
}

function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8)
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
