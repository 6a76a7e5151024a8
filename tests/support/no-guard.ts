import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { PinConsent } from "../../src/ports/consent.ts"
import type { Tools } from "../../src/ports/tools.ts"

/** A door with nothing behind it: every call is denied. */
export const noTools: Tools = {
  definitions: [],
  call: () =>
    Stream.make({
      type: "denied" as const,
      code: "not-connected" as const,
      speech: "I'm not connected to a server.",
    }),
}

/** Without a guard nothing waits for a PIN. */
export const noPins: PinConsent = {
  pending: () => undefined,
  confirm: () => Effect.succeed({ type: "pin-refused", why: "not-pending" }),
  deny: () => Effect.void,
}
