import * as Effect from "effect/Effect"
import type { StepOutput } from "../../../machines/guard/guarded-call-types.ts"
import type { AuditFailure } from "../../../ports/audit.ts"
import type { Decision, DenialCode } from "../../../ports/guard.ts"
import type { Operation } from "../../../ports/guarded-tool.ts"
import { decide } from "../../../security/decide.ts"
import { within } from "../../timing.ts"
import { redactPayload } from "../audit/redact-payload.ts"
import { PIN_PENDING } from "../denial-speech.ts"
import type { GuardParts } from "../guard-parts.ts"
import { type CallBook, entryOf, operationKey, rawArguments } from "./call-book.ts"
import { type CallSteps, passed, refused } from "./call-steps.ts"

type Steps = Pick<CallSteps, "validateCall" | "admitCall" | "takeTurn" | "authoriseCall" | "recordDenial">

/** With the log put in order before it, this is less than `admitMs`. */
const SETTLE_MS = 4000

/** From the call as it came to what the rules say about it. */
export const decidingSteps = (parts: GuardParts, book: CallBook): Steps => {
  const { call, context } = book
  const { desk, pin, limit, clock, trail, taint, queue, consent, denials, redactor } = parts

  /** The rules, on what is true now. Who has to be asked holds the one place for that from this moment on. */
  const decideNow = (operation: Operation, pinSet: boolean): Decision => {
    const nowMs = clock.now()
    const isMine = consent.holder === call.callId
    return decide({
      tier: operation.tier,
      origin: context.origin,
      tainted: taint.has(context.conversationId),
      confident: context.confident,
      consentPending: !isMine && (consent.holder !== undefined || desk.isPending(nowMs)),
      lockedMs: desk.lockedMs(operationKey(operation), nowMs),
      pinSet,
    })
  }

  const isPinSet = (operation: Operation): Effect.Effect<boolean> =>
    operation.tier === "danger" ? pin.isSet : Effect.succeed(false)

  /** Who is in the way of a wait for the PIN is told how it is dropped: nobody hears that wait. */
  const tellOfPin = (code: DenialCode): void => {
    if (code === "consent-pending" && consent.holder !== undefined && consent.by === "pin")
      book.denial = { code, speech: PIN_PENDING }
  }

  /**
   * What an earlier life left open about a container is closed before anything else changes it: afterwards nobody could
   * tell whose doing it was. Asks the engine, so it comes after the limit.
   */
  const settled = ({ tier, container }: Operation): Effect.Effect<StepOutput, AuditFailure> => {
    if (tier === "read" || container === undefined) return Effect.succeed(passed)
    const late = () => Effect.succeed(false)
    const isSettled = within(trail.settle(container), { clock, ms: SETTLE_MS, late })
    return Effect.map(isSettled, (all) => (all ? passed : refused("engine-away")))
  }

  return {
    validateCall: Effect.sync(() => {
      if (book.refuse !== undefined) return refused(book.refuse)
      const tool = parts.tools.get(call.name)
      if (tool === undefined) return refused("unknown-tool")
      const prepared = tool.prepare(call.arguments)
      if (prepared.type === "refused") {
        book.denial = { code: prepared.code, speech: prepared.speech }
        return refused(prepared.code)
      }
      const { operation } = prepared
      if (operation.tool !== tool.definition.name) return refused("internal")
      book.tool = tool
      book.operation = Object.freeze({ ...operation, arguments: Object.freeze({ ...operation.arguments }) })
      return passed
    }),

    admitCall: Effect.suspend(() => {
      const { operation } = book
      if (operation === undefined) return Effect.succeed(refused("internal"))
      return trail.inOrder.pipe(
        Effect.andThen(isPinSet(operation)),
        Effect.flatMap((pinSet) => {
          // Only since the log is in order is it known what earlier lives did.
          book.earlier = parts.earlier(call.callId)
          if (book.earlier !== undefined) return Effect.succeed(refused("cancelled"))
          // What the rules refuse anyway is no operation and uses up none.
          const decision = decideNow(operation, pinSet)
          if (decision.type === "deny") {
            tellOfPin(decision.code)
            return Effect.succeed(refused(decision.code))
          }
          return limit.admit(clock.now()) ? settled(operation) : Effect.succeed(refused("rate-limited"))
        }),
        Effect.catch(() => Effect.succeed(refused("audit-unavailable"))),
      )
    }),

    takeTurn: Effect.suspend(() =>
      book.operation === undefined ? Effect.never : queue.enter(book.operation.subject, call.callId),
    ),

    authoriseCall: Effect.suspend(() => {
      const { operation } = book
      if (operation === undefined) return Effect.succeed<Decision>({ type: "deny", code: "internal" })
      return Effect.map(isPinSet(operation), (pinSet) => {
        const decision = decideNow(operation, pinSet)
        if (decision.type === "deny") tellOfPin(decision.code)
        if (decision.type === "confirm") {
          consent.holder = call.callId
          consent.by = decision.by
        }
        return decision
      })
    }),

    recordDenial: (code) =>
      Effect.suspend(() => {
        // It has its rows.
        if (book.earlier !== undefined) return Effect.void
        const isWithin = limit.admitDenial(clock.now())
        // The first that is too many is written down all the same, so that the log says where it stops.
        if (!isWithin && denials.unwritten > 0) {
          denials.unwritten++
          return Effect.void
        }
        const unwritten = isWithin ? Math.max(0, denials.unwritten - 1) : 0
        denials.unwritten = isWithin ? 0 : 1
        return redactPayload(redactor, { ...whatWasAsked(book), ...(unwritten > 0 && { unwritten }) }).pipe(
          Effect.flatMap((payload) =>
            trail.append(
              entryOf(book, taint.has(context.conversationId), {
                kind: "denied",
                decision: "deny",
                reason: code,
                payload: isWithin ? payload : { ...payload, moreAreNotWritten: true },
              }),
            ),
          ),
          Effect.asVoid,
        )
      }),
  }
}

const whatWasAsked = ({ call, operation, refusal }: CallBook) => ({
  ...(operation === undefined
    ? { name: nameOf(call.name), arguments: rawArguments(call.arguments) }
    : { arguments: operation.arguments }),
  ...(refusal !== undefined && { refusal }),
})

/** A name that is no text does not keep its refusal out of the log. */
const nameOf = (name: unknown): string => (typeof name === "string" ? name : rawArguments(name))
