import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"

/** The two clocks of a row, and what the second one counts from. */
export interface AuditClock {
  /** Wall clock, whole ms. */
  wallMs(): number
  /** Whole ms since the machine was started, which no change of the wall clock moves. */
  uptimeMs(): number
  /** Uptimes with the same one can be compared, those of other processes too. */
  readonly bootId: string
}

/** `process.hrtime` counts from the machine's start on Linux, and so does the kernel's boot id. */
export const systemClock = (): AuditClock => ({
  wallMs: () => Math.trunc(Date.now()),
  uptimeMs: () => Number(process.hrtime.bigint() / 1_000_000n),
  bootId: bootId(),
})

const bootId = (): string => {
  try {
    const id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    if (/^[0-9a-f-]{36}$/.test(id)) return id
  } catch {
    // No Linux.
  }
  // Comparable with nothing but this process: times of others count by the wall clock alone.
  return randomUUID()
}
