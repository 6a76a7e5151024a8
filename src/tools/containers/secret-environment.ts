import { nameKind } from "../../security/redaction/secret-names.ts"

/** Shorter ones would have half of any text redacted. */
const LEAST_CHARACTERS = 4
const MOST_NAME_CHARACTERS = 100

/** Values that say only yes, no or how many, whatever the variable is called. */
const PLAIN_VALUE =
  /^(true|false|yes|no|none|null|undefined|enabled|disabled|default|auto|require|[0-9]{1,4})$/i

/**
 * The values of a container's environment (`NAME=value`) that must never be seen: those whose names say so, and the
 * password of any address that has one, as written and decoded.
 */
export const secretsOfEnvironment = (environment: readonly string[]): readonly string[] => {
  const found = new Set<string>()
  const add = (value: string): void => {
    if (value.length >= LEAST_CHARACTERS && !PLAIN_VALUE.test(value)) found.add(value)
  }
  for (const entry of environment) {
    const equals = entry.indexOf("=")
    if (equals < 1) continue
    const value = entry.slice(equals + 1)
    if (nameKind(entry.slice(0, Math.min(equals, MOST_NAME_CHARACTERS))) !== "plain") add(value)
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s@]+)@/i.exec(value)?.[1]
    if (password !== undefined) {
      add(password)
      add(decoded(password))
    }
  }
  return [...found]
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
