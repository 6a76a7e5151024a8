/** As long as anybody says aloud; the engine itself sets no limit. */
const MAX_LENGTH = 64

/** The engine's own rule (moby, `names.RestrictedNameChars`), ASCII alone; nothing is normalised before it. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/**
 * What is wrong with a container's name, as the end of a sentence that begins with the name; undefined where nothing is.
 *
 * A name of hexadecimal digits alone is refused: where no container has it, the engine takes it for the beginning of
 * another one's id, and `db`, `cafe` or `ada` would act on whatever has that id.
 */
export function containerNameProblem(name: string): string | undefined {
  if (name.length > MAX_LENGTH) return `has ${name.length} characters; expected at most ${MAX_LENGTH}`
  if (!NAME.test(name)) {
    return "is no container's name; expected at least two of the letters a to z, digits, _, . and -, the first a letter or a digit"
  }
  if (/^[0-9a-f]+$/i.test(name)) {
    return "has only hexadecimal digits, so that the engine may take it for another container's id; rename the container"
  }
  return undefined
}
