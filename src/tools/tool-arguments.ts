import type { Prepared } from "../ports/guarded-tool.ts"

/**
 * The arguments of a call by name, if it has no other than `allowed`. Total: whatever it is given, own properties only,
 * and undefined where it is no plain object or has something that the tool does not take.
 */
export const readArguments = (
  args: unknown,
  allowed: readonly string[],
): ReadonlyMap<string, unknown> | undefined => {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return undefined
  const entries: readonly (readonly [PropertyKey, unknown])[] = Reflect.ownKeys(args).map((key) => [
    key,
    Reflect.get(args, key),
  ])
  const found = new Map<string, unknown>()
  for (const [key, value] of entries) {
    if (typeof key !== "string" || !allowed.includes(key)) return undefined
    found.set(key, value)
  }
  return found
}

/** The refusal of arguments that are not what the tool takes; `speech` never repeats them. */
export const malformed = (speech: string): Prepared => ({ type: "refused", code: "malformed", speech })

/**
 * The schema of a tool that takes these arguments. Only what tells a model something: each token of it is one less for
 * the conversation, and what a call may say is checked when it is made, whatever the model was told.
 */
export const parametersOf = (
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[] = [],
): Readonly<Record<string, unknown>> => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required }),
})
