import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** Values as they are in the wild, random each time. */
export interface PlantedSecret {
  readonly name: string
  readonly value: string
}

const SYMBOLS = "!#%&+/=?@~^"

/** Random characters of `alphabet`. */
const chars = (count: number, alphabet: string): string =>
  Array.from(randomBytes(count), (byte) => alphabet[byte % alphabet.length]).join("")

const DIGITS = "0123456789"
const LOWER = "abcdefghijklmnopqrstuvwxyz"
const UPPER = LOWER.toUpperCase()
const MIXED = `${LOWER}${UPPER}${DIGITS}`

/** In a container's environment, under names that say what they are. */
export const environmentSecrets = (): Readonly<
  Record<"password" | "phrase" | "key" | "address", PlantedSecret>
> => ({
  password: { name: "password", value: `${chars(10, MIXED)}"${chars(6, SYMBOLS)}\\${chars(8, MIXED)}` },
  phrase: { name: "passphrase", value: `correct-${chars(6, LOWER)}-battery-${chars(6, LOWER)}` },
  key: { name: "encryption key", value: randomBytes(24).toString("base64") },
  address: { name: "password in an address", value: chars(20, MIXED) },
})

/** That nobody told Jett of: known by their shape, or by what stands before them. `line` is how a log has them. */
export const shapedSecrets = (): readonly (PlantedSecret & { readonly line: string })[] => {
  const shaped = (name: string, value: string, line = (it: string) => `using ${it} from now on`) => ({
    ...{ name, value, line: line(value) },
  })
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return [
    shaped("GitHub token", `ghp_${chars(36, MIXED)}`),
    shaped("Slack token", `xoxb-${chars(12, DIGITS)}-${chars(12, DIGITS)}-${chars(24, MIXED)}`),
    shaped("web token", `${part({ alg: "HS256" })}.${part({ sub: chars(20, MIXED) })}.${chars(43, MIXED)}`),
    shaped("bearer", chars(40, MIXED), (it) => `Authorization: Bearer ${it}`),
    shaped("named password", chars(14, MIXED), (it) => `connecting with password=${it} as admin`),
    shaped("named key in JSON", chars(32, MIXED), (it) => `{"level":"info","api_key":"${it}"}`),
    shaped("password in an address", chars(18, MIXED), (it) => `redis://cache:${it}@cache:6379/0`),
    shaped("WireGuard key", randomBytes(32).toString("base64"), (it) => `PrivateKey = ${it}`),
    shaped("random token", chars(48, MIXED)),
  ]
}

/** All the ways in which a secret may be written. */
export const formsOf = (value: string): ReadonlyMap<string, Buffer> => {
  const bytes = Buffer.from(value)
  const forms = new Map<string, Buffer>()
  const add = (form: string, text: string): void => void forms.set(form, Buffer.from(text))
  add("as it is", value)
  add("JSON", JSON.stringify(value).slice(1, -1))
  add("JSON in JSON", JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1))
  add("URI", encodeURIComponent(value))
  add("hex", bytes.toString("hex"))
  add("HEX", bytes.toString("hex").toUpperCase())
  add("backwards", [...value].toReversed().join(""))
  forms.set("UTF-16", Buffer.from(value, "utf16le"))
  // Whatever stands around it: only what does not depend on that.
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64")
    const own = text.slice(before === 0 ? 0 : 4, Math.floor(((before + bytes.length) * 4) / 3 / 4) * 4)
    add(`base64 at ${before}`, own)
    add(`base64url at ${before}`, own.replaceAll("+", "-").replaceAll("/", "_"))
  }
  // Half of a secret is one, too.
  const half = Math.floor(value.length / 2)
  add("its first half", value.slice(0, half))
  add("its second half", value.slice(half))
  return forms
}

/** "the key, as base64 at 1, in audit.db": each form of each secret that is in one of the sinks. */
export const findSecrets = (
  secrets: readonly PlantedSecret[],
  sinks: ReadonlyMap<string, Uint8Array | string>,
): readonly string[] =>
  [...sinks].flatMap(([where, content]) => {
    const bytes = Buffer.from(content)
    return secrets.flatMap(({ name, value }) =>
      [...formsOf(value)].flatMap(([form, written]) =>
        bytes.includes(written) ? [`${name}, ${form}, in ${where}`] : [],
      ),
    )
  })

/** Every file below a folder, by its path in it. */
export const filesBelow = (folder: string): ReadonlyMap<string, Buffer> => {
  const found = new Map<string, Buffer>()
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (statSync(join(folder, path)).isFile()) found.set(path, readFileSync(join(folder, path)))
  }
  return found
}
