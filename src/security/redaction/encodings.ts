/** One way in which a secret may be written. */
export interface EncodedSecret {
  readonly text: string
  /** Its first and last sixths of a byte may be shared with what is around it. */
  readonly base64: boolean
}

/** Encodings of shorter secrets would be found in ordinary text. */
export const MIN_ENCODED_CHARS = 6

/**
 * A secret as it is, and as JSON (once and twice, with the escapes of Go, PHP and Python), in a URL, a form, HTML, hex
 * and Base64 at its three alignments, as the runner of GitHub Actions masks them (`ValueEncoders`). Letter case is left
 * to whoever compares.
 */
export const encodingsOf = (secret: string): readonly EncodedSecret[] => {
  if (secret.length < MIN_ENCODED_CHARS) return [{ text: secret, base64: false }]
  const json = jsonForms(secret)
  const plain = [
    secret,
    ...json,
    ...json.flatMap(jsonForms),
    ...urlForms(secret),
    htmlForm(secret),
    Buffer.from(secret, "utf8").toString("hex"),
  ]
  const base64 = base64Forms(secret)
  return [
    ...[...new Set(plain)].map((text) => ({ text, base64: false })),
    ...[...new Set(base64)].map((text) => ({ text, base64: true })),
  ]
}

const jsonForms = (secret: string): readonly string[] => {
  const json = JSON.stringify(secret).slice(1, -1)
  // Go writes these five as escapes, PHP the slash, Python all that is not ASCII.
  const go = json.replace(/[<>&\u2028\u2029]/g, unicodeEscape)
  const php = json.replaceAll("/", "\\/")
  return [json, go, php, go.replaceAll("/", "\\/"), ...[json, go, php].map(asciiOnly)]
}

const asciiOnly = (text: string): string => text.replace(/[\u0080-\uffff]/g, unicodeEscape)

const unicodeEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

const urlForms = (secret: string): readonly string[] => {
  // Half of a surrogate pair cannot be encoded.
  const whole = secret.replace(/\p{Surrogate}/gu, "\ufffd")
  const component = encodeURIComponent(whole)
  const bytes = [...Buffer.from(whole, "utf8")]
  return [
    component,
    component.replace(/[!'()*]/g, percent),
    encodeURI(whole),
    new URLSearchParams([["", whole]]).toString().slice(1),
    userInfo(whole),
    bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  ]
}

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16)}`

const userInfo = (secret: string): string => {
  const url = new URL("http://user@host/")
  url.password = secret
  return url.password
}

const htmlForm = (secret: string): string =>
  secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")

/** Only the digits that depend on the secret alone: what stands before and after it shares a digit with it. */
const base64Forms = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret, "utf8")
  return [0, 1, 2].flatMap((shift) => {
    const all = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64")
    const own = all.slice(Math.ceil((8 * shift) / 6), Math.floor((8 * (shift + bytes.length)) / 6))
    return own.length > MIN_ENCODED_CHARS ? [own, own.replaceAll("+", "-").replaceAll("/", "_")] : []
  })
}
