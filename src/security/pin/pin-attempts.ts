import { readPrivateJson, writePrivateJson } from "./private-json.ts"

/** How often a PIN was tried in vain, and until when it is locked. */
export interface PinAttempts {
  readonly failures: number
  /** Wall clock: it has to last over a restart. 0 where it is not locked. */
  readonly lockedUntilMs: number
}

const NONE: PinAttempts = { failures: 0, lockedUntilMs: 0 }

/**
 * Attempts are kept in a file of their own: only who verifies writes it, only who sets the PIN writes the other, so
 * neither overwrites what the other did. They belong to a salt, so a new PIN starts without any. Undefined where they
 * are there but make no sense.
 */
export async function readAttempts(path: string, salt: string): Promise<PinAttempts | undefined> {
  const found = await readPrivateJson(path)
  if (found.type === "missing") return NONE
  if (found.type === "unusable" || !isAttempts(found.value)) return undefined
  return found.value.salt === salt ? found.value : NONE
}

/** Rejects where it cannot be written. */
export const writeAttempts = (path: string, salt: string, attempts: PinAttempts): Promise<void> =>
  writePrivateJson(path, { salt, ...attempts })

const isAttempts = (found: object): found is PinAttempts & { readonly salt: string } =>
  "salt" in found &&
  typeof found.salt === "string" &&
  "failures" in found &&
  Number.isSafeInteger(found.failures) &&
  Number(found.failures) >= 0 &&
  "lockedUntilMs" in found &&
  Number.isSafeInteger(found.lockedUntilMs) &&
  Number(found.lockedUntilMs) >= 0
