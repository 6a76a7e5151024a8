import { EngineError } from "./engine-error.ts"

/** U+2581, which stands for a space in SentencePiece vocabularies. */
const SPACE_MARK = "\u2581"
const SPECIAL = /^(?:<unk>|<s>|<\/s>|<<ST_\d+>>)$/

export interface Tokenizer {
  readonly size: number
  /** The text of token ids; special tokens are dropped and bytes that are not UTF-8 are replaced by U+FFFD. */
  decode(ids: readonly number[]): string
}

/**
 * Reads Moonshine's `tokenizer.bin`: the vocabulary in order of id, each token as its length and its bytes. A length of
 * 128 or more takes two bytes: `(first & 127) + 128 × second`.
 */
export function parseTokenizer(bytes: Uint8Array): Tokenizer {
  const tokens: Uint8Array[] = []
  let offset = 0
  while (offset < bytes.length) {
    let length = bytes[offset] ?? 0
    offset += 1
    if (length >= 128) {
      length = (length & 127) + 128 * (bytes[offset] ?? 0)
      offset += 1
    }
    if (offset + length > bytes.length) {
      throw new EngineError(
        "load-failed",
        `tokenizer.bin ends in the middle of token ${tokens.length}: it is cut short. Pull the model again.`,
      )
    }
    tokens.push(bytes.subarray(offset, offset + length))
    offset += length
  }
  const utf8 = new TextDecoder()
  const special = new Set(tokens.flatMap((token, id) => (SPECIAL.test(utf8.decode(token)) ? [id] : [])))

  return {
    size: tokens.length,
    decode(ids) {
      const pieces = ids.filter((id) => !special.has(id)).map((id) => tokens[id] ?? new Uint8Array())
      return utf8.decode(Buffer.concat(pieces)).replaceAll(SPACE_MARK, " ").trim()
    },
  }
}
