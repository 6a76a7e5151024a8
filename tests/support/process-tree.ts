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

/** The process ids of everything that descends from `pid`, itself left out. */
export const descendantsOf = (pid: number): readonly number[] => {
  const all = processes()
  const found = [pid]
  for (let i = 0; i < found.length; i++)
    found.push(...all.filter(({ parent }) => parent === found[i]).map((entry) => entry.pid))
  return found.slice(1)
}

/** Resident memory of a process, in MiB; 0 if it is gone. */
export const residentMib = (pid: number): number => {
  try {
    const [, pages = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")
    return (Number(pages) * 4096) / 2 ** 20
  } catch {
    return 0
  }
}
