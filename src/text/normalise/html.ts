import { type Rule, rewrite } from "./rule.ts"

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "...",
  mdash: "—",
  ndash: "–",
  deg: "°",
  euro: "€",
  copy: "",
}

const RULES: readonly Rule[] = [
  [/<think>(?:(?!<think>)[\s\S])*?<\/think>/gi, " "],
  // Cut apart by the clause splitter, either end may be all that is left.
  [/^[\s\S]*<\/think>/i, " "],
  [/<think>[\s\S]*$/i, " "],
  [/<!--[\s\S]{0,2000}?-->/g, " "],
  [/<\/?(?:br|p|div|li|tr|h[1-6])\b[^<>]{0,300}>/gi, "\n"],
  [/<\/?[a-z][^<>]{0,300}>/gi, (tag) => (/^<(?:https?|mailto|ftp):/i.test(tag) ? tag.slice(1, -1) : "")],
  [/&([a-z]{2,6});/g, (whole, name = "") => ENTITIES[name] ?? whole],
  [/&#(\d{1,7});/g, (_, code) => character(Number(code))],
  [/&#x([\da-f]{1,6});/gi, (_, code = "") => character(Number.parseInt(code, 16))],
]

/** Drops reasoning that leaked and tags; reads entities as the characters they stand for. */
export function withoutHtml(text: string): string {
  return rewrite(text, RULES)
}

/** Only printable ASCII is worth naming by number; anything else would come after the clean-up of characters. */
function character(code: number): string {
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : " "
}
