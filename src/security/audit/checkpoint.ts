import type { SignedNote } from "./signed-note.ts"

/**
 * What a log was at one moment, in the form of C2SP tlog-checkpoint. `root` is the hash of row `size`: a chain has no
 * tree, its head covers everything before it.
 */
export interface Checkpoint {
  /** Which log: the name of its key, too. */
  readonly origin: string
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** The text to be signed. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`

/** Undefined where the note's text is no checkpoint. Lines after the third are extensions, which are let be. */
export const parseCheckpoint = ({ text }: SignedNote): Checkpoint | undefined => {
  const [origin, size, root] = text.split("\n")
  if (origin === undefined || origin === "" || size === undefined || root === undefined) return undefined
  if (!/^(0|[1-9]\d{0,14})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root)) return undefined
  return { origin, size: Number(size), root: Buffer.from(root, "base64") }
}
