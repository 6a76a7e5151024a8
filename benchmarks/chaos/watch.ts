import type { StateEntered } from "../../src/actors/voice/conversation-system.ts"
import { defaultConversationSettings } from "../../src/machines/conversation/conversation-types.ts"

/** The longest that each state of the dialogue may go on, on the audio clock; see `conversationDelays`. */
const { wakingMs, maxUtteranceMs, thinkingMs, loadingMs, speakingMs, followUpMs } =
  defaultConversationSettings
const DEADLINES: Readonly<Record<string, number>> = {
  waking: wakingMs,
  transcribing: maxUtteranceMs,
  thinking: thinkingMs + loadingMs + 10_000,
  speaking: speakingMs,
  followUp: followUpMs + 1000,
}
const FRAME_MS = 32

/** What is seen of the assistant from outside. */
export class Watch {
  readonly overdue: string[] = []
  readonly gaveUp: string[] = []
  /** Since it was last set to false. */
  earWasAway = false
  #earReady = false
  #state: StateEntered | undefined

  entered(next: StateEntered): void {
    const before = this.#state
    if (before?.value === next.value) return
    this.#state = next
    if (before === undefined) return
    const tookMs = next.atMs - before.atMs
    if (tookMs > (DEADLINES[before.value] ?? Number.POSITIVE_INFINITY) + 2 * FRAME_MS)
      this.overdue.push(`${before.value} went on for ${Math.round(tookMs)} ms`)
  }

  model(model: string, state: string): void {
    if (model !== "listener") return
    this.#earReady = state === "ready"
    if (!this.#earReady) this.earWasAway = true
  }

  get earReady(): boolean {
    return this.#earReady
  }
}
