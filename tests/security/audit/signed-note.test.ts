import { createPrivateKey, createPublicKey } from "node:crypto"
import { expect, test } from "vitest"
import { formatCheckpoint, parseCheckpoint } from "../../../src/security/audit/checkpoint.ts"
import {
  formatVerifierKey,
  isSignedBy,
  parseNote,
  parseVerifierKey,
  signNote,
  type VerifierKey,
} from "../../../src/security/audit/signed-note.ts"

/** The example of golang.org/x/mod/sumdb/note, the format's first implementation. */
const KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
const NOTE =
  "If you think cryptography is the answer to your problem,\n" +
  "then you don't know what your problem is.\n\n" +
  "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

const verifier = (text: string): VerifierKey => {
  const key = parseVerifierKey(text)
  if (key === undefined) throw new Error("no key")
  return key
}

const isGood = (text: string, key: VerifierKey): boolean => {
  const note = parseNote(text)
  return note !== undefined && isSignedBy(note, key)
}

test("a note of another implementation is verified", () => {
  expect(isGood(NOTE, verifier(KEY))).toBe(true)
  expect(formatVerifierKey(verifier(KEY))).toBe(KEY)
})

test("a changed note, a changed signature and another key are found out", () => {
  expect(isGood(NOTE.replace("your problem", "our problem"), verifier(KEY))).toBe(false)
  expect(isGood(NOTE.replace("x08go/ZJ", "x08go/ZK"), verifier(KEY))).toBe(false)
  expect(isGood(NOTE.replace("PeterNeumann", "PeterNewman"), verifier(KEY))).toBe(false)
  expect(parseVerifierKey(KEY.replace("c74f20a3", "c74f20a4"))).toBeUndefined()
  expect(parseVerifierKey("")).toBeUndefined()
})

test.each(["", "no signature\n", "text\n\n", "text\n\nnot a signature\n", NOTE.trimEnd()])(
  "%j is no note",
  (text) => {
    expect(parseNote(text)).toBeUndefined()
  },
)

test("a signature of somebody else does no harm, but does not count", () => {
  const other = "\u2014 witness.example/w1 AAAAAGJhZA==\n"
  expect(isGood(`${NOTE}${other}`, verifier(KEY))).toBe(true)
  expect(isGood(`${NOTE.slice(0, NOTE.lastIndexOf("\u2014"))}${other}`, verifier(KEY))).toBe(false)
})

test("a checkpoint is origin, size and root, signed under the origin's name", () => {
  // RFC 8032, test 1.
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
  const privateKey = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"),
    format: "der",
    type: "pkcs8",
  })
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" }).subarray(-32)
  const key = { name: "jett/audit/0011223344556677", publicKey }
  const checkpoint = { origin: key.name, size: 12, root: new Uint8Array(32).fill(7) }
  const note = parseNote(signNote(formatCheckpoint(checkpoint), key, privateKey))
  if (note === undefined) throw new Error("no note")
  expect(isSignedBy(note, key)).toBe(true)
  expect(note.text).toBe(`${key.name}\n12\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n`)
  expect(parseCheckpoint(note)).toEqual({ ...checkpoint, root: Buffer.from(checkpoint.root) })
})

test.each(["a\n", "a\n-1\nAAAA\n", "a\n01\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "\n1\nBwcH\n"])(
  "%j is no checkpoint",
  (text) => {
    expect(parseCheckpoint({ text, signatures: [] })).toBeUndefined()
  },
)
