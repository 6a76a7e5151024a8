/**
 * JSON without white space and with sorted keys (by UTF-16 code unit, as RFC 8785 does), so that equal values are equal
 * texts. What JSON cannot hold is left out, as `JSON.stringify` does.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value)) ?? "null"

const sorted = (value: unknown): unknown => {
  // A date and the like say themselves what they are in JSON.
  if (typeof value !== "object" || value === null || hasToJson(value)) return value
  if (Array.isArray(value)) return value.map(sorted)
  // No prototype: a key "__proto__" is a key like any other.
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, held] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    result[key] = sorted(held)
  }
  return result
}

const hasToJson = (value: object): boolean => "toJSON" in value && typeof value.toJSON === "function"
