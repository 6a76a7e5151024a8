import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { PinConsent } from "../../../ports/consent.ts"
import { entryOf } from "../call/call-book.ts"
import type { GuardedCall } from "../call/guarded-call.ts"
import type { GuardParts } from "../guard-parts.ts"

type PinVerdict = "right" | "wrong" | "locked" | "not-set"

/** Consent by PIN: the operation waits for it, and is carried out by whoever gives it. */
export const makePinConsent = (options: {
  readonly calls: () => Iterable<GuardedCall>
  readonly parts: GuardParts
  readonly pinMs: number
}): PinConsent => {
  const { calls, parts, pinMs } = options
  const { clock, pin, trail, taint } = parts
  const oneAtATime = Semaphore.makeUnsafe(1)

  const waiting = (consentId?: string): GuardedCall | undefined => {
    for (const call of calls()) {
      const isMeant = consentId === undefined || call.book.pin?.consentId === consentId
      if (isMeant && call.book.pin !== undefined && call.life.awaits() === "pin") return call
    }
    return undefined
  }

  /** A wrong PIN is on record where that is possible; nothing depends on it. */
  const noteRefusal = ({ book }: GuardedCall, why: PinVerdict): Effect.Effect<void> =>
    Effect.suspend(() =>
      trail.append(
        entryOf(book, taint.has(book.context.conversationId), {
          kind: "consent",
          decision: "denied",
          reason: `pin-${why}`,
        }),
      ),
    ).pipe(
      Effect.asVoid,
      Effect.catchCause(() => Effect.void),
    )

  /** The call that goes on, or why none does. */
  const admit = (consentId: string, typed: string) =>
    Effect.gen(function* () {
      const call = waiting(consentId)
      if (call === undefined) return { why: "not-pending" } as const
      const verdict = yield* Effect.catchCause(
        Effect.suspend(() => pin.verify(typed)),
        () => Effect.succeed("locked" as const),
      )
      if (verdict !== "right") {
        yield* noteRefusal(call, verdict)
        return { why: verdict } as const
      }
      // It may have expired, or been refused, while the PIN was looked at.
      if (waiting(consentId) !== call || !call.life.judge({ verdict: "granted" }))
        return { why: "not-pending" } as const
      return { call }
    })

  return {
    pending: () => {
      const call = waiting()
      const { operation, pin: asked } = call?.book ?? {}
      if (operation === undefined || asked === undefined) return undefined
      const expiresInMs = Math.max(0, asked.sinceMs + pinMs - clock.now())
      return { consentId: asked.consentId, spoken: operation.spoken, expiresInMs }
    },
    confirm: (consentId, typed) =>
      Effect.gen(function* () {
        const admitted = yield* oneAtATime.withPermits(1)(admit(consentId, typed))
        if ("call" in admitted) return yield* admitted.call.final
        return { type: "pin-refused", why: admitted.why } as const
      }),
    deny: (consentId) =>
      Effect.sync(() => {
        waiting(consentId)?.life.judge({ verdict: "denied", code: "refused-by-user" })
      }),
  }
}
