import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { LanguageModel } from "../../ports/language-model.ts"
import type { ModelFailure } from "../../ports/models.ts"
import { cleanSummary } from "../../security/untrusted/clean-summary.ts"
import { quarantinePrompt } from "../../security/untrusted/quarantine-prompt.ts"
import { claimsAction } from "../../text/claims.ts"
import { ClauseSplitter } from "../../text/clause-splitter.ts"
import type { AnswerServices } from "./answer-services.ts"

/** Longer than this nobody wants to wait, or to hear. */
const SUMMARY_WITHIN = "30 seconds"
const SUMMARY_CHARACTERS = 600
const LINE_CHARACTERS = 160

/**
 * Text that somebody else wrote, in one or two sentences, by a call of the model that has no tools, no history and no
 * other turn. Where no model can do it, the last line, if that may be spoken. What comes of it is no more to be believed than
 * what it was made from: it is spoken, and goes nowhere else.
 */
export const summariseUntrusted = (
  services: AnswerServices,
  untrusted: string,
  container: string,
): Effect.Effect<string> =>
  Effect.gen(function* () {
    const choice = yield* services.languageModel
    const summary =
      choice.type === "none"
        ? ""
        : yield* services.pending.track(summaryBy(choice.model, untrusted, container)).pipe(
            Effect.timeoutOption(SUMMARY_WITHIN),
            Effect.map((written) => (written._tag === "Some" ? written.value : "")),
            Effect.orElseSucceed(() => ""),
          )
    return summary.trim() === "" ? lastLine(untrusted) : (harmless(summary) ?? notInWords)
  })

const summaryBy = (
  model: LanguageModel,
  untrusted: string,
  container: string,
): Effect.Effect<string, ModelFailure> =>
  Effect.gen(function* () {
    yield* model.preload
    let text = ""
    const messages = quarantinePrompt(untrusted, { container, language: "en" })
    yield* model.chat({ messages, tools: [] }).pipe(
      Stream.takeWhile(() => text.length < SUMMARY_CHARACTERS),
      Stream.runForEach((event) =>
        Effect.sync(() => {
          if (event.type === "text") text += event.text
        }),
      ),
    )
    return text
  })

const notInWords = "I can't put it into words."

/** What may be spoken. A log that says "I have restarted n8n" must not be heard as Jett saying so. */
const harmless = (text: string): string | undefined => {
  const clean = cleanSummary(text)
  if (clean === undefined) return undefined
  const splitter = new ClauseSplitter()
  const clauses = [...splitter.push(clean), ...splitter.flush()]
  return clauses.some((clause) => /\b(?:I|we)\b/i.test(clause) && claimsAction(clause)) ? undefined : clean
}

const lastLine = (untrusted: string): string => {
  const line = untrusted
    .split("\n")
    .map((each) => each.trim())
    .findLast((each) => each !== "")
  if (line === undefined) return "There is nothing in it."
  const spoken = harmless(line.slice(0, LINE_CHARACTERS))
  return spoken === undefined ? notInWords : `The last line is: ${spoken}`
}
