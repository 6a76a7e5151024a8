import * as Effect from "effect/Effect"
import type { TurnKey } from "../../machines/conversation/conversation-types.ts"
import type { ChatMessage } from "../../ports/engine.ts"
import type { ToolResult } from "../../ports/tools.ts"
import { canonicalJson } from "../../security/canonical-json.ts"
import type { AnswerServices, Tell } from "./answer-services.ts"
import { callTool } from "./call-tool.ts"
import { saySentence, speakResult } from "./speak-result.ts"
import type { AskedCall } from "./write-round.ts"

const gaveUp = "Sorry, I couldn't work out how to do that."

/** Of what a tool found, in characters; more would not be read by a small model, and pushes out the conversation. */
const TOLD_CHARACTERS = 1200

/** What is known about the calls that were made in this turn. */
export interface CallsSoFar {
  /** The last call, canonical. */
  last: string | undefined
  /** The model has been told once that its call could not be made. */
  corrected: boolean
  /** What was read and not spoken: the model is to tell it in its own words. */
  unread: string[]
  /** Something was spoken about a call. */
  reported: boolean
}

export const noCalls = (): CallsSoFar => ({ last: undefined, corrected: false, unread: [], reported: false })

/**
 * Makes the calls of one round, one after the other. Gives what the model is told about them; undefined where it has
 * nothing left to say: after a denial, or a receipt of something that was not only read. Those are spoken here.
 */
export const makeCalls = (
  services: AnswerServices,
  key: TurnKey,
  tell: Tell,
  calls: readonly AskedCall[],
  sofar: CallsSoFar,
): Effect.Effect<readonly ChatMessage[] | undefined> =>
  Effect.gen(function* () {
    const told: ChatMessage[] = []
    let goesOn = true
    const giveUp = Effect.suspend(() => {
      sofar.reported = true
      return saySentence(services, key, tell, gaveUp)
    })
    for (const asked of calls) {
      const canonical = canonicalCall(asked)
      const isRepeated = canonical === sofar.last
      sofar.last = canonical
      if (isRepeated) {
        if (sofar.unread.length === 0 && !sofar.reported) yield* giveUp
        return undefined
      }
      if (asked.type === "tool-call-invalid") {
        if (sofar.corrected) {
          yield* giveUp
          return undefined
        }
        sofar.corrected = true
        told.push(notMade(asked.name, asked.problem))
        continue
      }
      const { turnId, revision } = key
      const result = yield* callTool(services, key, tell, { ...asked.call, turnId, revision }, "model")
      if (isMisunderstanding(result) && !sofar.corrected) {
        sofar.corrected = true
        told.push(notMade(asked.call.name, result.speech))
        continue
      }
      if (isOnlyRead(result)) {
        sofar.unread.push(result.speech)
        told.push({ role: "tool", toolName: result.tool, content: contentOf(result) })
        continue
      }
      sofar.reported = true
      yield* speakResult(services, key, tell, result)
      if (result.type === "denied") return undefined
      goesOn = false
    }
    return goesOn ? told : undefined
  })

type Receipt = Extract<ToolResult, { readonly type: "receipt" }>

/** What somebody else wrote never goes to the model. */
const isOnlyRead = (result: ToolResult): result is Receipt =>
  result.type === "receipt" && result.tier === "read" && result.untrusted === undefined

const isMisunderstanding = (result: ToolResult): boolean =>
  result.type === "denied" && (result.code === "malformed" || result.code === "unknown-tool")

const contentOf = ({ outcome, speech, observed }: Receipt): string =>
  JSON.stringify({ outcome, summary: speech, observed }).slice(0, TOLD_CHARACTERS)

const notMade = (name: string, problem: string): ChatMessage => ({
  role: "tool",
  toolName: name,
  content: `The call was not made: ${problem} Use a tool that exists, with the arguments that it takes.`,
})

/** The same for the same call, whatever the order of its arguments. */
const canonicalCall = (asked: AskedCall): string =>
  asked.type === "tool-call"
    ? `${asked.call.name} ${canonicalJson(asked.call.arguments)}`
    : `${asked.name} ?${asked.problem}`
