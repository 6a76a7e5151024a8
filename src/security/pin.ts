import { rm } from "node:fs/promises"
import { join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { Pin } from "../ports/consent.ts"
import { type PinAttempts, readAttempts, writeAttempts } from "./pin/pin-attempts.ts"
import { hashPin, isPinHash, matchesPin, type PinHash } from "./pin/pin-hash.ts"
import { pinProblem } from "./pin/pin-rules.ts"
import { readPrivateJson, writePrivateJson } from "./pin/private-json.ts"

/** The PIN could not be set or cleared. */
export class PinError extends Data.TaggedError("PinError")<{ readonly message: string }> {}

export type PinState =
  | { readonly type: "set" }
  | { readonly type: "not-set" }
  | { readonly type: "locked"; readonly forMs: number }
  /** Counts as not set. `problem`: what was found, what was expected, the fix. */
  | { readonly type: "unusable"; readonly problem: string }

export interface PinStore extends Pin {
  readonly state: Effect.Effect<PinState>
  /** Replaces what there was, lock and all: whoever can do this has the user's own rights. */
  set(pin: string): Effect.Effect<void, PinError>
  /** Whether there was one. */
  readonly clear: Effect.Effect<boolean, PinError>
}

export interface PinOptions {
  /** Wall clock, ms. */
  readonly now?: (() => number) | undefined
  readonly lockMs?: number | undefined
  /** log2 of the hash's cost: small in tests. */
  readonly costLog2?: number | undefined
}

const MOST_FAILURES = 3
const LOCK_MS = 5 * 60_000

/**
 * The PIN that is kept in `folder`, read anew each time: another process may set it. Three wrong ones lock it for five
 * minutes, over a restart too. An attempt is written down as a failure before it is looked at, so that killing the
 * process gains nothing; where it cannot be written down, the PIN is locked.
 */
export function openPin(folder: string, options: PinOptions = {}): PinStore {
  const { now = Date.now, lockMs = LOCK_MS, costLog2 } = options
  const hashFile = join(folder, "pin.json")
  const attemptsFile = join(folder, "pin-attempts.json")
  // Guesses made at the same time would all be counted as the same one.
  const oneAtATime = Semaphore.makeUnsafe(1)

  const keep = (kept: PinHash, attempts: PinAttempts): Promise<boolean> =>
    writeAttempts(attemptsFile, kept.salt, attempts).then(
      () => true,
      () => false,
    )

  /** The attempts so far; what makes no sense, as after the clock was set back, is a lock that begins now. */
  const attemptsOf = async (kept: PinHash): Promise<PinAttempts> => {
    const attempts = await readAttempts(attemptsFile, kept.salt)
    if (attempts !== undefined && attempts.lockedUntilMs - now() <= lockMs) return attempts
    const locked = { failures: 0, lockedUntilMs: Math.ceil(now() + lockMs) }
    await keep(kept, locked)
    return locked
  }

  const verify = async (pin: string): Promise<"right" | "wrong" | "locked" | "not-set"> => {
    const found = await readPin(hashFile)
    if (found.type !== "found") return "not-set"
    const { kept } = found
    const { failures, lockedUntilMs } = await attemptsOf(kept)
    if (now() < lockedUntilMs) return "locked"
    const locks = failures + 1 >= MOST_FAILURES
    const counted = locks
      ? { failures: 0, lockedUntilMs: Math.ceil(now() + lockMs) }
      : { failures: failures + 1, lockedUntilMs: 0 }
    if (!(await keep(kept, counted))) return "locked"
    // What is no PIN at all cannot be the right one; it counts all the same.
    const isRight = /^[0-9]{4,12}$/.test(pin) && (await matchesPin(pin, kept))
    if (!isRight) return "wrong"
    return (await keep(kept, { failures: 0, lockedUntilMs: 0 })) ? "right" : "locked"
  }

  const state = async (): Promise<PinState> => {
    const found = await readPin(hashFile)
    if (found.type !== "found") return found
    const forMs = (await attemptsOf(found.kept)).lockedUntilMs - now()
    return forMs > 0 ? { type: "locked", forMs } : { type: "set" }
  }

  return {
    isSet: Effect.map(
      Effect.promise(() => readPin(hashFile)),
      ({ type }) => type === "found",
    ),
    state: Effect.promise(state),
    // An attempt that was begun is finished, whoever has lost interest: the next one must see its count.
    verify: (pin) =>
      Effect.uninterruptible(
        Semaphore.withPermits(
          oneAtATime,
          1,
        )(Effect.promise(() => verify(pin).catch(() => "locked" as const))),
      ),
    set: (pin) => {
      const problem = pinProblem(pin)
      return problem === undefined
        ? attempt(`the PIN could not be written to ${hashFile}`, async () =>
            writePrivateJson(hashFile, { version: 1, ...(await hashPin(pin, costLog2)) }),
          )
        : Effect.fail(new PinError({ message: problem }))
    },
    clear: attempt(`the PIN in ${hashFile} could not be removed`, async () => {
      const { type } = await readPrivateJson(hashFile)
      await rm(hashFile, { force: true })
      await rm(attemptsFile, { force: true })
      return type !== "missing"
    }),
  }
}

type FoundPin =
  | { readonly type: "found"; readonly kept: PinHash }
  | { readonly type: "not-set" }
  | { readonly type: "unusable"; readonly problem: string }

const readPin = async (path: string): Promise<FoundPin> => {
  const found = await readPrivateJson(path)
  if (found.type === "missing") return { type: "not-set" }
  const fix = "then set the PIN anew: jett pin set"
  if (found.type === "unusable") return { type: "unusable", problem: `${found.problem}; ${fix}` }
  return "version" in found.value && found.value.version === 1 && isPinHash(found.value)
    ? { type: "found", kept: found.value }
    : { type: "unusable", problem: `${path} holds no PIN that this version understands; remove it, ${fix}` }
}

/** What went wrong is named by its code alone. */
const attempt = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, PinError> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => {
      const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : ""
      return new PinError({ message: `${what}${code}: make that folder writable` })
    },
  })
