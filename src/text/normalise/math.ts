import { type Rule, rewrite } from "./rule.ts"

const RULES: readonly Rule[] = [
  // LaTeX, as far as models use it in chat.
  [/\\(?:text|mathrm|mathbf|operatorname)\{([^{}]{0,200})\}/g, "$1"],
  [/\\d?frac\{([^{}]{0,200})\}\{([^{}]{0,200})\}/g, "$1 over $2"],
  [/\\sqrt\{([^{}]{0,200})\}/g, "the square root of $1"],
  [/\\(?:times|cdot)\b/g, " times "],
  [/\\div\b/g, " divided by "],
  [/\\pm\b/g, "±"],
  [/\\(?:le|leq)\b/g, "≤"],
  [/\\(?:ge|geq)\b/g, "≥"],
  [/\\approx\b/g, "≈"],
  [/\\pi\b/g, "pi"],
  [/\\([()[\]])/g, " "],
]

const SIGNS: readonly Rule[] = [
  [/->|=>|[→⇒]/g, " to "],
  [/>=|≥/g, " at least "],
  [/<=|≤/g, " at most "],
  [/!=|≠/g, " is not equal to "],
  [/={2,3}/g, " equals "],
  [/[~≈] ?(?=[\d$€£])|≈/g, " about "],
  [/± ?/g, " plus or minus "],
  [/(?<=\d) ?[×*] ?(?=\d)/g, " times "],
  [/(?<=\d)[x×](?![\w])/g, " times "],
  [/×/g, " times "],
  [/÷/g, " divided by "],
  [/√/g, " the square root of "],
  [/\^2(?!\d)/g, " squared "],
  [/\^3(?!\d)/g, " cubed "],
  [/\^\{?(?=[-\w])/g, " to the power of "],
  [/(?<=\d) - (?=\d[\d.,]{0,15} ?=)/g, " minus "],
  [/(?<=\d) - (?=\d)/g, " to "],
  [/(?<=\d) \/ (?=\d)/g, " divided by "],
  [/(?<=\s|^)<(?=\s|\d)|(?<=\s)<(?=\s|$)/g, " is less than "],
  [/(?<=\s)>(?=\s|\d)/g, " is more than "],
  [/(?<=[^\s=])\s?=\s?(?=[^\s=])/g, " equals "],
  [/(?<=\s)\+(?=\s)/g, " plus "],
  [/(?<=\bC)\+\+/g, " plus plus"],
  [/(?<=\b[CF])#/g, " sharp"],
  [/#(?=\d)|\b[Nn]os?\. ?(?=\d)/g, " number "],
  [/&/g, " and "],
  [/(?<=\s|^|\()@(?=\w)/g, "at "],
  [/@/g, " at "],
]

export function readLatex(text: string): string {
  return rewrite(text, RULES)
}

/** Reads operators and signs. After quantities, which own some of them, and before numbers. */
export function readSigns(text: string): string {
  return rewrite(text, SIGNS)
}
