import { createHash } from "node:crypto"
import type { Operation, Target } from "../../../ports/guarded-tool.ts"

/**
 * What a consent is for, and nothing else: SHA-256 in lower-case hex over tool, canonical arguments, target and turn.
 * JSON keeps the parts apart, whatever is in them.
 */
export const consentHash = (operation: Operation, target: Target | undefined, turnId: string): string => {
  const args = Object.entries(operation.arguments).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(
    JSON.stringify(["jett.consent.1", operation.tool, operation.subject, args, target?.id ?? null, turnId]),
  )
}

/** Tells a call from another one with the same id; undefined where the arguments cannot be told. */
export const callFingerprint = (name: string, args: unknown): string | undefined => {
  try {
    return sha256(JSON.stringify([name, sorted(args, 0)]))
  } catch {
    return undefined
  }
}

const MAX_DEPTH = 16

const sorted = (value: unknown, depth: number): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (depth > MAX_DEPTH) throw new Error("The arguments are nested too deeply.")
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1))
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item, depth + 1)])
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex")
