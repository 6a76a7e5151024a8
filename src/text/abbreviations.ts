/** What is said for an abbreviation; keys are lower case, without the last stop. */
export const SPOKEN_ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ["dr", "Doctor"],
  ["mr", "Mister"],
  ["mrs", "Missis"],
  ["ms", "Miz"],
  ["prof", "Professor"],
  ["dept", "department"],
  ["e.g", "for example"],
  ["i.e", "that is"],
  ["vs", "versus"],
  ["approx", "approximately"],
  ["incl", "including"],
  ["fig", "figure"],
  ["etc", "et cetera"],
])

const NEVER_ENDS_SENTENCE = new Set(
  "dr mr mrs ms prof dept st rev gen sen capt e.g i.e vs approx incl fig cf al pp ca".split(" "),
)
const MAY_END_SENTENCE = new Set("etc a.m p.m no nos inc ltd co jr sr".split(" "))

/** "J." of a name; "I." is more likely the end of "it is I.". */
const INITIAL = /^[A-HJ-Z]$/
const INITIALISM = /^(?:\p{L}\.){1,7}\p{L}$/u

/** Whether the full stop of a word belongs to an abbreviation, and so does not (or may not) end the sentence. */
export function abbreviationStop(wordWithStop: string): "inner" | "perhaps-final" | "none" {
  const bare = wordWithStop.replace(/^[^\p{L}]{1,8}/u, "").replace(/\.$/, "")
  const word = bare.toLowerCase()
  if (NEVER_ENDS_SENTENCE.has(word) || INITIAL.test(bare)) return "inner"
  if (MAY_END_SENTENCE.has(word) || INITIALISM.test(bare)) return "perhaps-final"
  return "none"
}
