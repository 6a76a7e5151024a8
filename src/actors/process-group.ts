import { readdirSync, readFileSync } from "node:fs"

/** Whether a process of the group is stopped (SIGSTOP, a debugger), where the system tells (Linux). */
export const isGroupStopped = (group: number): boolean => {
  try {
    return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isStopped(name, group))
  } catch {
    return false
  }
}

const isStopped = (pid: string, group: number): boolean => {
  try {
    // proc(5): after the name in parentheses, which may itself hold some: state, parent, process group.
    const [, state, , pgrp] = readFileSync(`/proc/${pid}/stat`, "latin1").split(/^.*\) (\S) (\d+) (\d+) /s)
    return Number(pgrp) === group && (state === "T" || state === "t")
  } catch {
    // It ended while we looked.
    return false
  }
}
