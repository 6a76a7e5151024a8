import { hash } from "node:crypto"
import { encodeValues, type SqlValue, type Utf8Text } from "./canonical-encoding.ts"

/** Of the database's header (`user_version`) and of every hash. A change of columns or encoding is a new one. */
export const FORMAT = 1

/** The columns that a row's hash covers, in this order. */
export const HASHED_COLUMNS = [
  "seq",
  "prev",
  "at_ms",
  "mono_ms",
  "boot",
  "kind",
  "call_id",
  "turn_id",
  "conversation_id",
  "origin",
  "tool",
  "container",
  "target_id",
  "tier",
  "tainted",
  "decision",
  "reason",
  "payload_commit",
] as const

/** SHA-256 over a name of what is hashed, the format, and the values: no hash of one thing can pass for another's. */
const hashOf = (domain: string, values: readonly (SqlValue | Utf8Text)[]): Buffer =>
  hash("sha256", encodeValues([domain, FORMAT, ...values]), "buffer")

/** What the first row names as its predecessor: no row of one log, or under another key, fits into another log. */
export const genesisHash = (origin: string, publicKey: Uint8Array): Buffer =>
  hashOf("jett audit genesis", [origin, publicKey])

/** `values` are those of `HASHED_COLUMNS`. */
export const rowHash = (values: readonly (SqlValue | Utf8Text)[]): Buffer => hashOf("jett audit row", values)

/** What a row keeps of its payload. Without the salt (32 random bytes) nobody can tell by guessing what it was. */
export const payloadCommit = (salt: Uint8Array, text: string | Utf8Text): Buffer =>
  hashOf("jett audit payload", [salt, text])
