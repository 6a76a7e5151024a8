import { readdirSync, readFileSync } from "node:fs"

/** Whether a process of the group is stopped (SIGSTOP, a debugger), where the system tells (Linux). */
export const isGroupStopped = (group: number): boolean =>
  statesOf(group).some((state) => state === "T" || state === "t")

/** Whether no process of the group is left, zombies aside, as far as the system tells (Linux). */
export const isGroupGone = (group: number): boolean =>
  statesOf(group).every((state) => state === "Z" || state === "X")

/** A letter for each process of the group: proc(5). */
const statesOf = (group: number): readonly string[] => {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? stateIn(name, group) : []))
  } catch {
    return []
  }
}

const stateIn = (pid: string, group: number): readonly string[] => {
  try {
    // After the name in parentheses, which may itself hold some: state, parent, process group.
    const [, state = "", , pgrp] = readFileSync(`/proc/${pid}/stat`, "latin1").split(
      /^.*\) (\S) (\d+) (\d+) /s,
    )
    return Number(pgrp) === group ? [state] : []
  } catch {
    // It ended while we looked.
    return []
  }
}
