import { numberWords, versionWords } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

const PRODUCTS = "version|release|node|python|java|go|php|ruby|ubuntu|debian|typescript|npm|docker"
const STAGE = String.raw`(?:-?(alpha|beta|rc|pre|dev|next|canary)[.-]?(\d{1,6})?)?`

const RULES: readonly Rule[] = [
  // "v20.20.2", "version v2.1-rc.1"
  [
    new RegExp(String.raw`(?:\b(?:version|release) )?\bv(\d{1,6}(?:\.\d{1,6}){0,4})${STAGE}(?![\w])`, "gi"),
    (_, version = "", stage, build) => `version ${versionWords(version)}${stageWords(stage, build)}`,
  ],
  // "1.30.0": two points make it a version, not a decimal.
  [
    new RegExp(String.raw`(?<![\w.])(\d{1,6}(?:\.\d{1,6}){2,4})${STAGE}(?![\w]|\.\d)`, "gi"),
    (_, version = "", stage, build) => `${versionWords(version)}${stageWords(stage, build)}`,
  ],
  [
    new RegExp(String.raw`\b(${PRODUCTS})(\.js)? ?(\d{1,4}\.\d{1,4})(?![\w]|\.\d)`, "gi"),
    (_, product = "", suffix, version = "") => `${product}${suffix ?? ""} ${versionWords(version)}`,
  ],
]

/** Reads version numbers: "v20.20.2" → "version twenty point twenty point two". */
export function readVersions(text: string): string {
  return rewrite(text, RULES)
}

function stageWords(stage: string | undefined, build: string | undefined): string {
  if (stage === undefined) return ""
  return ` ${stage === "rc" ? "release candidate" : stage}${build === undefined ? "" : ` ${numberWords(build)}`}`
}
