/** Words that make the name of a setting secret, in the singular. */
const SECRET = new Set([
  ...["password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "psk", "pin", "otp", "totp"],
  ...["secret", "token", "apikey", "authtoken", "accesstoken", "secretkey", "privatekey", "credential"],
  ...[
    "cred",
    "auth",
    "authorization",
    "cookie",
    "jwt",
    "bearer",
    "requirepass",
    "mnemonic",
    "sid",
    "sessionid",
  ],
  ...["connectionstring", "dsn"],
])
/** Ends of words that were written together: `dbpassword`. */
const SECRET_ENDING = /(?:password|passwd|passphrase|secret|token|apikey|credential)$/
/** What makes a key a secret one. A key alone may be anything. */
const KEY_KIND = new Set([
  ...["api", "access", "private", "secret", "encryption", "encrypt", "signing", "sign", "sealing", "master"],
  ...["shared", "preshared", "auth", "account", "storage", "license", "ssh", "service", "client", "webhook"],
  ...["session", "hmac", "aes", "rsa", "jwt", "subscription", "deploy", "app", "consumer", "root", "admin"],
  ...["security", "cipher", "crypto", "psk", "wireguard", "wg", "tls", "ssl"],
])
const HARMLESS_KEY = new Set([
  ...[
    "primary",
    "foreign",
    "public",
    "cache",
    "sort",
    "partition",
    "row",
    "index",
    "group",
    "unique",
    "routing",
  ],
])
/** A name that ends so tells about a secret, and is none: `POSTGRES_PASSWORD_FILE`, `token_type`. */
const ABOUT = new Set([
  ...[
    "count",
    "length",
    "len",
    "size",
    "expiry",
    "expires",
    "expired",
    "expiration",
    "expire",
    "ttl",
    "type",
  ],
  ...["name", "url", "uri", "path", "file", "dir", "folder", "limit", "age", "policy", "hint", "enabled"],
  ...["disabled", "required", "version", "algorithm", "alg", "method", "strategy", "provider", "endpoint"],
  ...["timeout", "retries", "field", "column", "header", "prefix", "max", "min", "usage", "status", "state"],
  ...["failed", "failure", "error"],
])
const HEADER = new Set(["authorization", "cookie"])

/** Also the names of log sources and fields: after a colon, a word in small letters is no secret. */
const WEAK = new Set(["auth", "pass", "sid", "pw", "cred"])

/** How a name was understood; `header`: its value goes on to the end of the line. */
export type NameKind = "plain" | "weak" | "secret" | "header"

/** What a setting's name, at most some 100 characters, says about its value: `N8N_ENCRYPTION_KEY`, `dbPassword`. */
export const nameKind = (name: string): NameKind => {
  const words = wordsOf(name)
  const last = words.at(-1)
  if (last === undefined || ABOUT.has(last)) return "plain"
  if (HEADER.has(last)) return "header"
  if (words.length === 1 && WEAK.has(last)) return "weak"
  const pairs = words.map((word, at) => word + (words[at + 1] ?? ""))
  if (words.some((word) => SECRET.has(word) || SECRET_ENDING.test(word))) return "secret"
  if (pairs.some((pair) => SECRET.has(pair))) return "secret"
  return namesSecretKey(name, words) ? "secret" : "plain"
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .map((word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word))
    .filter((word) => word !== "")

const namesSecretKey = (name: string, words: readonly string[]): boolean => {
  const at = words.lastIndexOf("key")
  const before = words[at - 1]
  if (at < 0 || before === undefined || HARMLESS_KEY.has(before)) return false
  // The name of an environment variable that ends in KEY.
  return KEY_KIND.has(before) || (/^[A-Z0-9_]+$/.test(name) && at === words.length - 1)
}
