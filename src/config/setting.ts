/** What reading a value gives: the value, or what was found instead of `expected`. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly found: string }

/**
 * One setting. Everything else about it – the default, the environment variable, the validation, the reference and
 * the JSON Schema – is derived from this.
 */
export interface Setting<T> {
  readonly doc: string
  readonly fallback: T
  /** Completes "expected …". */
  readonly expected: string
  /** Reads a value of the configuration file. */
  parse(value: unknown): Parsed<T>
  /** Reads a value of the environment or the command line. */
  parseText(text: string): Parsed<T>
  readonly jsonSchema: Readonly<Record<string, unknown>>
}

/** A value in words: `"high" (a string)`. Long ones are cut, because a mistake may hold anything. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array"
  if (value instanceof Date) return `${value.toISOString()} (a date)`
  switch (typeof value) {
    case "string":
      return `${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)} (a string)`
    case "number":
      return `${value} (a number)`
    case "boolean":
      return `${value} (a boolean)`
    case "object":
      return value === null ? "nothing" : "a table"
    default:
      return `a ${typeof value}`
  }
}

/** How long something may be waited for. */
export const deadlineMs = { min: 100, max: 600_000 }

const accept = <T>(value: T): Parsed<T> => ({ ok: true, value })
const reject = (found: string): Parsed<never> => ({ ok: false, found })

export function choice<const T extends string>(options: readonly T[], fallback: T, doc: string): Setting<T> {
  const quoted = options.map((option) => `"${option}"`)
  const parse = (value: unknown): Parsed<T> => {
    const match = options.find((option) => option === value)
    return match === undefined ? reject(describe(value)) : accept(match)
  }
  return {
    doc,
    fallback,
    expected: quoted.length === 1 ? `${quoted[0]}` : `one of ${quoted.join(", ")}`,
    parse,
    parseText: parse,
    jsonSchema: { enum: options },
  }
}

/** What a text must look like beyond being text. */
export interface TextRule {
  readonly expected: string
  test(text: string): boolean
}

const nonEmpty: TextRule = { expected: "a non-empty string", test: (text) => text.trim() !== "" }

export function text(fallback: string, doc: string, rule: TextRule = nonEmpty): Setting<string> {
  const parse = (value: unknown): Parsed<string> =>
    typeof value === "string" && rule.test(value) ? accept(value) : reject(describe(value))
  return {
    doc,
    fallback,
    expected: rule.expected,
    parse,
    parseText: parse,
    jsonSchema: { type: "string", minLength: 1 },
  }
}

/** A text that may be left out. `meaning` says what its absence means; an empty string counts as absent. */
export function optionalText(
  meaning: string,
  doc: string,
  rule: TextRule = nonEmpty,
): Setting<string | undefined> {
  const parse = (value: unknown): Parsed<string | undefined> => {
    if (value === undefined || value === "") return accept(undefined)
    return typeof value === "string" && rule.test(value) ? accept(value) : reject(describe(value))
  }
  return {
    doc: `${doc} Left out: ${meaning}.`,
    fallback: undefined,
    expected: rule.expected,
    parse,
    parseText: parse,
    jsonSchema: { type: "string" },
  }
}

/** Some of `options`, each at most once. */
export function choices<const T extends string>(
  options: readonly T[],
  fallback: readonly T[],
  doc: string,
): Setting<readonly T[]> {
  const quoted = options.map((option) => `"${option}"`).join(", ")
  const parse = listOf((item) => options.find((option) => option === item))
  return {
    doc,
    fallback,
    expected: `a list of ${quoted}`,
    parse,
    parseText: (found) => parse(listItems(found)),
    jsonSchema: { type: "array", uniqueItems: true, items: { enum: options } },
  }
}

/** A list of texts, which may be empty. */
export function texts(doc: string, rule: TextRule = nonEmpty): Setting<readonly string[]> {
  const parse = listOf((item) => (typeof item === "string" && rule.test(item) ? item : undefined))
  return {
    doc,
    fallback: [],
    expected: 'a list such as ["first", "second"]',
    parse,
    parseText: (found) => parse(listItems(found)),
    jsonSchema: { type: "array", uniqueItems: true, items: { type: "string", minLength: 1 } },
  }
}

function listOf<T>(itemOf: (item: unknown) => T | undefined): (value: unknown) => Parsed<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return reject(describe(value))
    const items: T[] = []
    for (const found of value) {
      const item = itemOf(found)
      if (item === undefined) return reject(`a list with ${describe(found)} in it`)
      if (!items.includes(item)) items.push(item)
    }
    return accept(items)
  }
}

const listItems = (text: string): readonly string[] =>
  text.trim() === "" ? [] : text.split(",").map((item) => item.trim())

interface Range {
  readonly min: number
  readonly max: number
}

function numeric(fallback: number, range: Range, doc: string, whole: boolean): Setting<number> {
  const parse = (value: unknown): Parsed<number> => {
    const fits = typeof value === "number" && value >= range.min && value <= range.max
    return fits && (!whole || Number.isInteger(value)) ? accept(value) : reject(describe(value))
  }
  return {
    doc,
    fallback,
    expected: `a ${whole ? "whole " : ""}number from ${range.min} to ${range.max}`,
    parse,
    parseText: (found) => {
      const parsed = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(found.trim())
        ? parse(Number(found))
        : undefined
      return parsed?.ok ? parsed : reject(JSON.stringify(found))
    },
    jsonSchema: { type: whole ? "integer" : "number", minimum: range.min, maximum: range.max },
  }
}

export const integer = (fallback: number, range: Range, doc: string): Setting<number> =>
  numeric(fallback, range, doc, true)

export const number = (fallback: number, range: Range, doc: string): Setting<number> =>
  numeric(fallback, range, doc, false)

const flagWords = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["no", false],
  ["off", false],
])

export function flag(fallback: boolean, doc: string): Setting<boolean> {
  return {
    doc,
    fallback,
    expected: "true or false",
    parse: (value) => (typeof value === "boolean" ? accept(value) : reject(describe(value))),
    parseText: (found) => {
      const value = flagWords.get(found.trim().toLowerCase())
      return value === undefined ? reject(JSON.stringify(found)) : accept(value)
    },
    jsonSchema: { type: "boolean" },
  }
}

/** `setting`, but it may be left out, and has no default then. `meaning` says what its absence means. */
function optional<T>(setting: Setting<T>, meaning: string): Setting<T | undefined> {
  return {
    ...setting,
    doc: `${setting.doc} Left out: ${meaning}.`,
    fallback: undefined,
    parse: (value) => (value === undefined ? accept(undefined) : setting.parse(value)),
  }
}

export const optionalFlag = (meaning: string, doc: string): Setting<boolean | undefined> =>
  optional(flag(false, doc), meaning)

export const optionalInteger = (meaning: string, range: Range, doc: string): Setting<number | undefined> =>
  optional(integer(range.min, range, doc), meaning)
