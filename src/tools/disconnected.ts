import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Consent } from "../ports/consent.ts"
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
