import { readdirSync, readFileSync } from "node:fs"

interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** The processes of this machine that are alive (Linux), zombies left out. */
const processes = (): readonly ProcessEntry[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state = "", parent = ""] = readFileSync(`/proc/${name}/stat`, "utf8").split(
          /.*\) (\S) (\d+) .*/s,
        )
        if (state === "Z" || state === "X") return []
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim()
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        // It ended while we looked.
        return []
      }
    })

/** Everything that descends from `pid`, itself left out. */
const familyOf = (pid: number): readonly ProcessEntry[] => {
  const all = processes()
  const found: ProcessEntry[] = []
  const parents = [pid]
  for (const parent of parents) {
    const children = all.filter((entry) => entry.parent === parent)
    found.push(...children)
    parents.push(...children.map((entry) => entry.pid))
  }
  return found
}

/** The process ids of everything that descends from `pid`, itself left out. */
export const descendantsOf = (pid: number): readonly number[] => familyOf(pid).map((entry) => entry.pid)

/** The command lines of everything that descends from `pid`, itself left out. */
export const commandsUnder = (pid: number): readonly string[] => familyOf(pid).map(({ command }) => command)

/** Resident memory of a process, in MiB; 0 if it is gone. */
export const residentMib = (pid: number): number => {
  try {
    const [, pages = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")
    return (Number(pages) * 4096) / 2 ** 20
  } catch {
    return 0
  }
}
