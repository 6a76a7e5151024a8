import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import { closeSync, fsyncSync, lstatSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { AuditError, auditErrorOf } from "./audit-error.ts"

export interface SigningKey {
  readonly privateKey: KeyObject
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/**
 * The key that signs checkpoints, made where there is none and `mayBeMade`. It lies beside the log: it shows that nobody
 * *without* it wrote a checkpoint, no more. Raises AuditError.
 */
export const loadSigningKey = (path: string, mayBeMade: boolean): SigningKey => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    if (mayBeMade) return makeKey(path)
    throw unusable(path, "is missing")
  }
  if (!found.isFile() || (found.mode & 0o077) !== 0)
    throw unusable(path, "can be read by others, or is no file")
  try {
    const privateKey = createPrivateKey(readFileSync(path))
    if (privateKey.asymmetricKeyType === "ed25519") return signingKey(privateKey)
  } catch (error) {
    if (hasCode(error, "EACCES")) throw auditErrorOf(error, path)
  }
  throw unusable(path, "holds no Ed25519 key")
}

const makeKey = (path: string): SigningKey => {
  const { privateKey } = generateKeyPairSync("ed25519")
  const fresh = `${path}.new`
  try {
    const descriptor = openSync(fresh, "w", 0o600)
    try {
      writeSync(descriptor, privateKey.export({ type: "pkcs8", format: "pem" }).toString())
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    // Whole or not at all, whenever the process ends.
    renameSync(fresh, path)
  } catch (error) {
    throw auditErrorOf(error, path)
  }
  return signingKey(privateKey)
}

const signingKey = (privateKey: KeyObject): SigningKey => {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" })
  return { privateKey, publicKey: Uint8Array.from(spki.subarray(-32)) }
}

const unusable = (path: string, found: string): AuditError =>
  new AuditError({
    reason: "corrupt",
    message: `${path} ${found}; the key that this log was begun with was expected, mode 600. Restore it, or move the folder aside, and a new log is begun.`,
  })

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code
