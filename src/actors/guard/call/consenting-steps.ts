import * as Effect from "effect/Effect"
import type { StepOutput } from "../../../machines/guard/guarded-call-types.ts"
import type { Operation } from "../../../ports/guarded-tool.ts"
import { within } from "../../timing.ts"
import { redactPayload } from "../audit/redact-payload.ts"
import { consentHash } from "../consent/consent-hash.ts"
import type { GuardParts } from "../guard-parts.ts"
import { type CallBook, entryOf, operationKey } from "./call-book.ts"
import type { CallFeed } from "./call-feed.ts"
import { type CallSteps, passed, refused } from "./call-steps.ts"

type Steps = Pick<CallSteps, "recordAsked" | "identifyTarget" | "askQuestion" | "recordVerdict">

/** Beyond the time to answer, nobody will: a spoken question is asked first, 30 s at most, and its answer transcribed. */
const SPOKEN_MARGIN_MS = 50_000
const TYPED_MARGIN_MS = 1000

/** What the operation is about, and whether somebody agrees to it. */
export const consentingSteps = (parts: GuardParts, book: CallBook, feed: CallFeed): Steps => {
  const { call, context } = book
  const { desk, clock, trail, taint, redactor } = parts
  const tainted = () => taint.has(context.conversationId)

  const openQuestion = (operation: Operation): StepOutput | undefined => {
    const nowMs = clock.now()
    const key = operationKey(operation)
    const { spoken } = operation
    book.hash = consentHash(operation, book.target, call.turnId)
    book.question = desk.open({ origin: context.origin, operationKey: key, spoken, hash: book.hash }, nowMs)
    if (book.question !== undefined) return undefined
    return refused(desk.lockedMs(key, nowMs) > 0 ? "locked" : "consent-pending")
  }

  return {
    recordAsked: Effect.suspend(() =>
      redactPayload(redactor, { arguments: book.operation?.arguments, spoken: book.operation?.spoken }).pipe(
        Effect.flatMap((payload) =>
          trail.append(
            entryOf(book, tainted(), {
              kind: "asked",
              decision: "confirm",
              reason: book.operation?.tier === "danger" ? "pin" : "word",
              payload,
            }),
          ),
        ),
        Effect.asVoid,
      ),
    ),

    identifyTarget: (again) =>
      Effect.suspend(() => {
        const { tool, operation } = book
        if (tool === undefined || operation === undefined) return Effect.succeed(refused("internal"))
        if (tool.identify === undefined) return Effect.succeed(passed)
        return tool.identify(operation).pipe(
          Effect.map((target) => {
            if (again && target.id !== book.target?.id) return refused("identity")
            book.target = Object.freeze({ id: target.id })
            return passed
          }),
          Effect.catch(({ code, speech }) =>
            Effect.sync(() => {
              book.denial = { code, speech }
              return refused(code)
            }),
          ),
        )
      }),

    // An answer goes to the machine by itself; that none came is told by this, whatever the desk says.
    askQuestion: Effect.suspend(() => {
      const { operation } = book
      if (operation === undefined) return Effect.succeed(refused("internal"))
      // After an answer that was none there is another question already.
      const problem = book.question === undefined ? openQuestion(operation) : undefined
      if (problem !== undefined) return Effect.succeed(problem)
      if (book.question === undefined) return Effect.succeed(refused("internal"))
      feed.ask(book.question)
      const { expiresInMs } = book.question
      const ms = expiresInMs + (context.origin === "command-line" ? TYPED_MARGIN_MS : SPOKEN_MARGIN_MS)
      return within(Effect.never, { clock, ms, late: () => Effect.succeed(refused("consent-expired")) })
    }),

    recordVerdict: (judgement) =>
      Effect.asVoid(
        trail.append(
          entryOf(book, tainted(), {
            kind: "consent",
            decision: judgement?.verdict ?? "denied",
            reason: book.refusal ?? (judgement?.verdict === "denied" ? judgement.code : undefined),
            payload: { hash: book.hash },
          }),
        ),
      ),
  }
}
