import type { AssistantEvent } from "../ports/assistant.ts"
import type { PublicEvent } from "./control-protocol.ts"

/** The part of an event that may leave the process: by allow-list, so that a new field is private until named here. */
export function publicEvent(event: AssistantEvent): PublicEvent | undefined {
  switch (event.type) {
    case "state":
      return { event: "state", value: event.value, atMs: event.atMs }
    case "notice":
      return { event: "notice", level: event.level, message: event.message }
    case "fatal":
      return { event: "notice", level: "error", message: event.message }
    case "turn":
      return {
        event: "turn",
        turnId: event.turnId,
        revision: event.revision,
        route: event.route,
        interrupted: event.interrupted,
        totalMs: event.totalMs,
      }
  }
}
