import { digits, numberWords } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const IPV4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`
const SEGMENT = String.raw`[\w.@+-]{1,100}`

const RULES: readonly Rule[] = [
  [/\bfile:\/\/(?=\/)/gi, ""],
  [/\b(?:https?|ftp|wss?):\/\/([^\s<>"'`|\\^{}()[\]]{1,2000})/gi, (_, rest = "") => url(rest)],
  [/\bmailto:(?=\S)/gi, ""],
  [
    /(?<![\w.+-])([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,5})/g,
    (_, user = "", host = "") => `${dotted(user)} at ${dotted(host)}`,
  ],
  [
    new RegExp(String.raw`(?<![\d.])(${IPV4})(?:\/(\d{1,2}))?(?::(\d{1,5}))?(?!\.?\d)`, "g"),
    (whole, ip = "", prefix, port) =>
      isIpv4(ip) ? `${ipv4(ip)}${prefix ? ` slash ${numberWords(prefix)}` : ""}${portSuffix(port)}` : whole,
  ],
  [/(?<![\w:.])(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}(?![\w:])/gi, (whole) => ipv6(whole)],
  [
    /(?<![\w.-])(localhost|[a-z][\w-]{0,62}(?:\.[a-z][\w-]{0,62}){1,5}):(\d{2,5})(?!\d)/gi,
    (_, host = "", port) => `${dotted(host)}${portSuffix(port)}`,
  ],
  [/\bport (\d{2,5})(?![\d.,])/gi, (_, port) => portSuffix(port).trim()],
  [
    new RegExp(String.raw`(?<![\w/.~-])([A-Za-z]):((?:\\${SEGMENT}){1,30})`, "g"),
    (_, drive = "", rest = "") => `${drive} colon${path(rest.replaceAll("\\", "/"), "backslash")}`,
  ],
  [
    new RegExp(String.raw`(?<![\w/.~-])(?:~|\.{1,2})?(?:\/${SEGMENT}){1,30}\/?`, "g"),
    (whole) => path(whole, "slash"),
  ],
  [
    new RegExp(String.raw`(?<![\w/.~-])${SEGMENT}(?:\/${SEGMENT}){1,30}`, "g"),
    (whole) => (looksLikePath(whole) ? path(whole, "slash") : whole),
  ],
]

/** Reads URLs (the host, a short path), e-mail and IP addresses, ports and file paths. */
export function readAddresses(text: string): string {
  return rewrite(text, RULES)
}

function url(rest: string): string {
  const [address = "", end = ""] = splitTrailingMarks(rest)
  const [authority = "", ...segments] = (address.split(/[?#]/)[0] ?? "").split("/")
  const [host = "", port] = (authority.split("@").at(-1) ?? "").split(":")
  const name = host.replace(/^www\./i, "")
  const readable = segments.length <= 2 && segments.every((segment) => /^[a-z][a-z.-]{0,20}$/i.test(segment))
  const tail = readable ? segments.map((segment) => ` slash ${dotted(segment)}`).join("") : ""
  return `${isIpv4(name) ? ipv4(name) : dotted(name)}${portSuffix(port)}${tail}${end}`
}

function path(written: string, slash: string): string {
  const [plain = "", end = ""] = splitTrailingMarks(written)
  const parts = plain.replace(/\/$/, "").replace(/^~/, "home").split("/")
  return `${parts.map(dotted).join(` ${slash} `)}${end}`
}

function looksLikePath(written: string): boolean {
  const segments = written.split("/")
  if (!/\p{L}/u.test(written)) return false
  return segments.length > 2 || /\p{L}\.\p{L}/u.test(written)
}

/** Hyphens, underscores and digits are left to the rules for identifiers. */
function dotted(written: string): string {
  return written.replace(/\./g, " dot ").replace(/\s+/g, " ")
}

function splitTrailingMarks(written: string): [string, string] {
  const plain = written.replace(/[.,;:!?-]{1,5}$/, "")
  return [plain, written.slice(plain.length)]
}

function isIpv4(written: string): boolean {
  const octets = written.split(".")
  return octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)
}

/** "192.168.1.1" → "one nine two dot one six eight dot one dot one"; two-digit parts as numbers. */
function ipv4(written: string): string {
  const octet = (part: string) => (part.length > 2 ? digits(part) : numberWords(part))
  return written.split(".").map(octet).join(" dot ")
}

/** Spelled, colons included; a time ("14:30:15") or a C++ name is none. */
function ipv6(written: string): string {
  const groups = written.split(":")
  const isAddress = groups.length === 8 || (written.includes("::") && /[\da-f]/i.test(written))
  if (!isAddress || groups.length < 3) return written
  return groups.map((group) => [...group].join(" ")).join(" colon ")
}

/** Ports are known by their digits, save the round ones: "port three thousand", "port five four three two". */
function portSuffix(port: string | undefined): string {
  if (port === undefined || port === "") return ""
  return ` port ${/^\d{1,2}000$/.test(port) ? numberWords(port) : digits(port)}`
}
