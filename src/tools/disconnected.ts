import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Consent, PinConsent } from "../ports/consent.ts"
import type { Tools } from "../ports/tools.ts"

/** The door before there is a guard behind it: every call is denied, in a sentence that says why. */
export const disconnectedTools: Tools = {
  definitions: [],
  call: () =>
    Stream.make({
      type: "denied" as const,
      code: "not-connected" as const,
      speech: "I'm not connected to a server, so I can't do anything with containers yet.",
    }),
}

/** Without a guard nothing can be consented to. */
export const noConsent: Consent = {
  answer: () => Effect.succeed("denied"),
  withdraw: () => Effect.void,
}

/** Without a guard nothing waits for a PIN. */
export const noPins: PinConsent = {
  pending: () => undefined,
  confirm: () => Effect.succeed({ type: "pin-refused", why: "not-pending" }),
  deny: () => Effect.void,
}
