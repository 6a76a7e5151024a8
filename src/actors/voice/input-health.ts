import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { AudioInput, InputHealth } from "../../ports/audio.ts"
import { type Conversation, isAtRest } from "./conversation-system.ts"

const DEAF = "I can't hear anything from the microphone."

/**
 * Makes the input's troubles known: the dialogue is muted while the sound server says so, and a deaf microphone is an
 * alarm, shown at once and spoken once an episode, not silence.
 */
export const watchInputHealth = (
  input: AudioInput,
  conversation: Pick<Conversation, "send" | "type" | "muted" | "state">,
  onNotice: (message: string) => void,
): Effect.Effect<void> => {
  let mutedByDevice = false
  let deaf = false
  const alarm = (message: string): void => {
    onNotice(message)
    conversation.send({ type: "part.down", part: "mic" })
    if (deaf) return
    deaf = true
    // In the middle of a turn the notice has to do: a typed turn would cut off what Jett is saying.
    if (isAtRest(conversation.state().value))
      conversation.type(uuidV7(), { mode: "say", text: DEAF, onText: () => {} })
  }
  const hear = (health: InputHealth): void => {
    switch (health.type) {
      case "stalled":
        alarm(
          `The microphone has delivered nothing for ${seconds(health.forMs)} s; is it connected? See: jett devices`,
        )
        return
      case "all-zero":
        alarm(
          `The microphone has delivered only zeros for ${seconds(health.forMs)} s; is it switched off? See: jett devices`,
        )
        return
      case "vanished":
        onNotice(`The microphone went away (${health.reason}); Jett opens it again when it is back.`)
        return
      case "muted":
        mutedByDevice = !conversation.muted
        onNotice("The sound server has muted the microphone.")
        conversation.send({ type: "user.mute" })
        return
      case "recovered":
        deaf = false
        if (mutedByDevice) conversation.send({ type: "user.unmute" })
        mutedByDevice = false
        conversation.send({ type: "part.up", part: "mic" })
        return
      case "open":
        return
    }
  }
  return Stream.runForEach(input.health, (health) => Effect.sync(() => hear(health)))
}

const seconds = (ms: number): string => (ms / 1000).toFixed(0)
