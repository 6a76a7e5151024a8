import * as Stream from "effect/Stream"
import type { ToolEvent } from "../../ports/tools.ts"
import type { Guard } from "../guard/guard-types.ts"

const SPEECH =
  "That needs your PIN, and I can only wait for it while I keep running. Start me with jett serve."

/** The guard of a process that ends with its answer: what waits for a PIN ends with it, and that is said. */
export const passingGuard = (guard: Guard): Guard => ({
  ...guard,
  call: (call, context) =>
    Stream.map(
      guard.call(call, context),
      (event): ToolEvent =>
        event.type === "denied" && event.code === "pin-needed" ? { ...event, speech: SPEECH } : event,
    ),
})
