import { readFileSync } from "node:fs"

/** Proportional set size of a process in MiB: shared pages are divided among those that share them. */
export function pssMib(pid: number): number | undefined {
  try {
    const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1]
    return kib === undefined ? undefined : Math.round(Number(kib) / 102.4) / 10
  } catch {
    return undefined
  }
}
