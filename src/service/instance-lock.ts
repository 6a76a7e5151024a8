import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { processStart } from "./process-start.ts"

/** Another Jett of this user is running. */
export class AlreadyRunning extends Error {
  readonly _tag = "AlreadyRunning"
  readonly pid: number
  readonly verb: string

  constructor(pid: number, verb: string) {
    super(`jett ${verb} (process ${pid}) is already running; stop it first, or wait until it has ended`)
    this.pid = pid
    this.verb = verb
  }
}

export interface InstanceLock {
  /** Gives the lock back; may be called twice. */
  release(): void
}

interface Holder {
  readonly pid: number
  readonly verb: string
  /** True once the holder has the lock, false while it is still bidding for it. */
  readonly held: boolean
}

/**
 * One instance a user, without a lock call (Node has none). Each contender leaves a claim that carries its pid and
 * its start time, then looks: it has the lock if no other living process has a claim. A claim is written before the
 * look, so two contenders can never both find themselves alone; both may lose, and then bid again after a random wait.
 * The claim of a dead process is just removed: its name can never come back (a pid that is used again has another
 * start time), so a take-over after a SIGKILL has no race either.
 * Raises AlreadyRunning.
 */
export async function acquireInstanceLock(
  folder: string,
  verb: string,
  random: () => number = Math.random,
): Promise<InstanceLock> {
  const claims = join(folder, "claims")
  mkdirSync(claims, { recursive: true, mode: 0o700 })
  const own = `${process.pid}-${processStart(process.pid) ?? "0"}`
  const path = join(claims, own)
  for (let attempt = 0; ; attempt++) {
    try {
      // `wx`: a second lock in this very process is refused like any other.
      writeFileSync(path, JSON.stringify({ verb, held: false }), { mode: 0o600, flag: "wx" })
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
      throw new AlreadyRunning(process.pid, readClaim(path).verb)
    }
    const rival = rivalOf(claims, own)
    if (rival === undefined) break
    rmSync(path, { force: true })
    if (rival.held || attempt >= 20) throw new AlreadyRunning(rival.pid, rival.verb)
    await delay(5 + random() * 45)
  }
  writeFileSync(path, JSON.stringify({ verb, held: true }))
  return { release: () => rmSync(path, { force: true }) }
}

/** The living process that holds or wants the lock, if there is one; claims of the dead are cleared away. */
export function lockHolder(folder: string): { readonly pid: number; readonly verb: string } | undefined {
  return rivalOf(join(folder, "claims"), "")
}

function rivalOf(claims: string, own: string): Holder | undefined {
  for (const name of listClaims(claims)) {
    if (name === own) continue
    const [pid, start] = name.split("-")
    if (pid === undefined || start === undefined || !/^\d+$/.test(pid)) continue
    if (processStart(Number(pid)) === start) return { pid: Number(pid), ...readClaim(join(claims, name)) }
    rmSync(join(claims, name), { force: true })
  }
  return undefined
}

function listClaims(claims: string): readonly string[] {
  try {
    return readdirSync(claims)
  } catch {
    return []
  }
}

/** A claim that is being written, or is gone again, counts as a bid. */
function readClaim(path: string): Omit<Holder, "pid"> {
  try {
    const claim: unknown = JSON.parse(readFileSync(path, "utf8"))
    if (typeof claim === "object" && claim !== null && "verb" in claim && "held" in claim) {
      return { verb: String(claim.verb), held: claim.held === true }
    }
  } catch {
    // Falls through.
  }
  return { verb: "(starting)", held: false }
}
