/**
 * One way of reading: a pattern and what is said for it, given the whole match and its groups (an absent group is
 * undefined, so give parameters a default). Patterns must be linear: bounded repetition, or a look-behind that lets
 * a failed run of characters fail once only.
 */
export type Rule = readonly [pattern: RegExp, say: string | ((...match: string[]) => string)]

/** Applies the rules in order, each to the whole text. */
export function rewrite(text: string, rules: readonly Rule[]): string {
  return rules.reduce(
    (result, [pattern, say]) =>
      typeof say === "string" ? result.replace(pattern, say) : result.replace(pattern, say),
    text,
  )
}
