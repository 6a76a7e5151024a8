import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto"

/** An Ed25519 key as others know it: a name and 32 bytes. */
export interface VerifierKey {
  readonly name: string
  readonly publicKey: Uint8Array
}

/** A text that somebody signed: C2SP signed-note. */
export interface SignedNote {
  /** Ends with a line feed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

interface NoteSignature {
  readonly name: string
  /** Four bytes of the key's hash, lower-case hex. */
  readonly keyId: string
  readonly signature: Uint8Array
}

const ED25519 = 1
/** Of a public key in SubjectPublicKeyInfo (RFC 8410), before its 32 bytes. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex")

/** The first four bytes of SHA-256 over name, line feed, algorithm and key, as signed-note asks for. */
const keyId = ({ name, publicKey }: VerifierKey): string =>
  createHash("sha256")
    .update(`${name}\n`)
    .update(Uint8Array.of(ED25519))
    .update(publicKey)
    .digest("hex")
    .slice(0, 8)

/** `name+keyId+base64`: how a verifier key is written down. */
export const formatVerifierKey = (key: VerifierKey): string =>
  `${key.name}+${keyId(key)}+${Buffer.concat([Uint8Array.of(ED25519), key.publicKey]).toString("base64")}`

/** Undefined where it is no Ed25519 verifier key, or its key id is not its own. */
export const parseVerifierKey = (text: string): VerifierKey | undefined => {
  const [, name, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim()) ?? []
  if (name === undefined || base64 === undefined) return undefined
  const bytes = Buffer.from(base64, "base64")
  const key = { name, publicKey: bytes.subarray(1) }
  return bytes.length === 33 && bytes[0] === ED25519 && keyId(key) === id ? key : undefined
}

/** `text` ends with a line feed. */
export const signNote = (text: string, key: VerifierKey, privateKey: KeyObject): string => {
  const signature = Buffer.concat([Buffer.from(keyId(key), "hex"), sign(null, Buffer.from(text), privateKey)])
  return `${text}\n\u2014 ${key.name} ${signature.toString("base64")}\n`
}

/** Undefined where it is no signed note. */
export const parseNote = (note: string): SignedNote | undefined => {
  const end = note.lastIndexOf("\n\n")
  if (end < 0 || !note.endsWith("\n")) return undefined
  const signatures: NoteSignature[] = []
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const [, name, base64] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? []
    if (name === undefined || base64 === undefined) return undefined
    const bytes = Buffer.from(base64, "base64")
    signatures.push({ name, keyId: bytes.toString("hex", 0, 4), signature: bytes.subarray(4) })
  }
  return { text: note.slice(0, end + 1), signatures }
}

/** Whether `key` signed it. Signatures of others, such as witnesses, do no harm. */
export const isSignedBy = (note: SignedNote, key: VerifierKey): boolean => {
  const id = keyId(key)
  const own = note.signatures.filter((signature) => signature.name === key.name && signature.keyId === id)
  if (own.length === 0) return false
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, key.publicKey]),
    format: "der",
    type: "spki",
  })
  return own.every(({ signature }) => verify(null, Buffer.from(note.text), publicKey, signature))
}
