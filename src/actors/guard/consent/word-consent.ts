import * as Effect from "effect/Effect"
import type { Judgement } from "../../../machines/guard/guarded-call-types.ts"
import type { Clock } from "../../../ports/clock.ts"
import type {
  ConfirmationDesk,
  ConfirmationVerdict,
  Consent,
  ConsentAnswer,
  ConsentVerdict,
} from "../../../ports/consent.ts"
import type { GuardedCall } from "../call/guarded-call.ts"
import { codeOfRefusal } from "../denial-speech.ts"

/** Consent by a challenge word: the desk judges, the call that asked is told. */
export const makeWordConsent = (options: {
  readonly calls: () => Iterable<GuardedCall>
  readonly desk: ConfirmationDesk
  /** Monotonic. */
  readonly clock: Clock
}): Consent => {
  const { calls, desk, clock } = options

  const asking = (consentId: string): GuardedCall | undefined => {
    for (const call of calls())
      if (call.book.question?.consentId === consentId && call.life.awaits() === "word") return call
    return undefined
  }

  const judge = (answer: ConsentAnswer): ConfirmationVerdict | undefined => {
    try {
      return desk.judge(answer, clock.now())
    } catch {
      return undefined
    }
  }

  return {
    answer: (answer) =>
      Effect.sync((): ConsentVerdict => {
        const call = asking(answer.consentId)
        if (call === undefined) return "denied"
        const { book, life } = call
        const verdict = judge(answer)
        const { judgement, said } = judgementOf(verdict, book.hash)
        book.refusal = verdict === undefined || verdict.type === "granted" ? undefined : verdict.reason
        if (verdict?.type === "ask-again") book.question = verdict.confirmation
        return life.judge(judgement) ? said : "denied"
      }),
    withdraw: (consentId) => Effect.sync(() => asking(consentId)?.life.cancel()),
  }
}

const judgementOf = (
  verdict: ConfirmationVerdict | undefined,
  hash: string | undefined,
): { readonly judgement: Judgement; readonly said: ConsentVerdict } => {
  const deny = (code: "internal" | "identity") =>
    ({ judgement: { verdict: "denied", code }, said: "denied" }) as const
  if (verdict === undefined) return deny("internal")
  switch (verdict.type) {
    case "granted":
      // A grant for anything else than what this call asked for is none.
      return verdict.hash === hash ? { judgement: { verdict: "granted" }, said: "granted" } : deny("identity")
    case "ask-again":
      return { judgement: { verdict: "ask-again" }, said: "ask-again" }
    case "denied": {
      const code = codeOfRefusal(verdict.reason)
      const said = verdict.reason === "too-late" || verdict.reason === "not-pending" ? "expired" : "denied"
      return { judgement: { verdict: "denied", code }, said }
    }
    default:
      return deny("internal")
  }
}
