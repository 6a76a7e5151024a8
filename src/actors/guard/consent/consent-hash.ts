import { createHash } from "node:crypto"
import type { Operation, Target } from "../../../ports/guarded-tool.ts"
import { canonicalJson } from "../../../security/canonical-json.ts"

/**
 * What a consent is for, and nothing else: SHA-256 in lower-case hex over tool, canonical arguments, target and turn.
 * JSON keeps the parts apart, whatever is in them.
 */
export const consentHash = (operation: Operation, target: Target | undefined, turnId: string): string => {
  const { tool, subject, arguments: args } = operation
  return sha256(canonicalJson(["jett.consent.1", tool, subject, args, target?.id ?? null, turnId]))
}

/** Tells a call from another one with the same id; undefined where the arguments cannot be told. */
export const callFingerprint = (name: string, args: unknown): string | undefined => {
  try {
    return sha256(canonicalJson([name, args]))
  } catch {
    return undefined
  }
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex")
