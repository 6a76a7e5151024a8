const MIB_PER_UNIT: Readonly<Record<string, number>> = { "": 1, mib: 1, gib: 1024 }

/** What the long-lived nvidia-smi is asked; the fields of `parseMemoryLine`, in order. */
export const MEMORY_QUERY = "index,name,driver_version,memory.total,memory.used,memory.free"

export interface MemoryLine {
  readonly index: number
  readonly name: string
  readonly driverVersion: string
  readonly totalMib: number
  /** What is not free: `memory.used` leaves out what the driver reserves. */
  readonly usedMib: number
}

/**
 * One line of `nvidia-smi --query-gpu --format=csv,noheader,nounits`, or undefined for anything else: a header, a half
 * line, a message, a GPU that tells nothing (`[N/A]`, `[Unknown Error]`, `[GPU requires reset]`).
 */
export function parseMemoryLine(line: string): MemoryLine | undefined {
  const fields = line.trim().split(/\s*,\s*/)
  // A name may hold a comma; the five numbers around it may not.
  const [index, name, driverVersion, total, used, free] = [
    fields[0],
    fields.slice(1, -4).join(", "),
    ...fields.slice(-4),
  ]
  if (fields.length < 6 || index === undefined || !/^\d{1,3}$/.test(index)) return undefined
  const totalMib = parseMib(total)
  const freeMib = parseMib(free)
  if (totalMib === undefined || totalMib === 0) return undefined
  const usedMib = freeMib === undefined ? parseMib(used) : totalMib - freeMib
  if (usedMib === undefined || usedMib < 0 || usedMib > totalMib) return undefined
  return { index: Number(index), name, driverVersion: driverVersion ?? "", totalMib, usedMib }
}

/** Units are asked away, but a version that writes them all the same is understood. */
function parseMib(field: string | undefined): number | undefined {
  const match = /^(\d{1,9})\s*([a-z]*)$/i.exec(field ?? "")
  const scale = MIB_PER_UNIT[match?.[2]?.toLowerCase() ?? "none"]
  return scale === undefined ? undefined : Number(match?.[1]) * scale
}
