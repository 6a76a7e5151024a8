import type {
  Acknowledgement,
  Actions,
  Assistant,
  AssistantEvent,
  AssistantStatus,
  ModelsStatus,
  Outcome,
  PinOutcome,
} from "../../src/ports/assistant.ts"
import type { PendingPin } from "../../src/ports/consent.ts"
import type { ToolResult } from "../../src/ports/tools.ts"

export const fakeStatus: AssistantStatus = {
  state: "listening",
  muted: false,
  parts: [
    { id: "microphone", state: "ok" },
    { id: "tts", state: "degraded", detail: "restarting" },
  ],
  languageModel: null,
  notices: ["no Ollama"],
}

/** The models of the prototype's profile in a conversation, on a GPU that somebody else uses a little of. */
export const fakeModels: ModelsStatus = {
  models: [
    {
      id: "listener",
      state: "ready",
      placement: "cpu",
      variant: "listener@cpu",
      committedMib: 70,
      declaredMib: 70,
      measuredMib: null,
      leases: 1,
      inUse: false,
      pinned: true,
    },
    {
      id: "tts",
      state: "unloaded",
      placement: null,
      variant: null,
      committedMib: 0,
      declaredMib: null,
      measuredMib: null,
      leases: 0,
      inUse: false,
      pinned: false,
    },
    {
      id: "jett-qwen3",
      state: "busy",
      placement: "gpu",
      variant: "ollama/jett-qwen3?num_ctx=2048",
      committedMib: 5280,
      declaredMib: 5280,
      measuredMib: 5213,
      leases: 2,
      inUse: true,
      pinned: false,
    },
  ],
  pools: {
    gpu: { budgetMib: 5000, committedMib: 5280, foreignMib: 2020, overcommitted: true },
    cpu: { budgetMib: 4096, committedMib: 70, foreignMib: null, overcommitted: false },
  },
}

/** An assistant that answers at once with what it was asked, and notes every call. */
export class FakeAssistant implements Assistant {
  readonly calls: string[] = []
  readonly listeners = new Set<(event: AssistantEvent) => void>()
  shutdowns = 0
  /** Put in the place of the echo by a test. */
  answer: (text: string, onText: (piece: string) => void, signal?: AbortSignal) => Promise<Outcome> = async (
    text,
    onText,
  ) => {
    for (const piece of ["you said ", text]) onText(piece)
    return { ok: true, reply: `you said ${text}`, turnId: "turn-1" }
  }
  acknowledgement: Acknowledgement = { ok: true }
  /** What is behind the guard's door, put there by a test. */
  tool: Actions["callTool"] = async () => ({
    type: "denied",
    code: "not-connected",
    speech: "Not connected.",
  })
  readonly answers: { readonly consentId: string; readonly text: string }[] = []
  pending: PendingPin | undefined
  pinOutcome: PinOutcome = { type: "pin-refused", why: "wrong" }
  onAnswer: (text: string) => void = () => {}

  status(): AssistantStatus {
    this.calls.push("status")
    return fakeStatus
  }

  async say(text: string, signal?: AbortSignal): Promise<Outcome> {
    this.calls.push(`say ${text}`)
    return this.answer(text, () => {}, signal)
  }

  async ask(text: string, onText: (piece: string) => void, signal?: AbortSignal): Promise<Outcome> {
    this.calls.push(`ask ${text}`)
    return this.answer(text, onText, signal)
  }

  async transcribe(wavPath: string): Promise<Outcome> {
    this.calls.push(`transcribe ${wavPath}`)
    return { ok: true, reply: "what was said", turnId: "turn-2" }
  }

  pushToTalk(): Acknowledgement {
    return this.#acknowledge("ptt")
  }

  mute(): Acknowledgement {
    return this.#acknowledge("mute")
  }

  unmute(): Acknowledgement {
    return this.#acknowledge("unmute")
  }

  cancel(): Acknowledgement {
    return this.#acknowledge("cancel")
  }

  callTool(...call: Parameters<Actions["callTool"]>): Promise<ToolResult> {
    this.calls.push(`tool ${call[0]} ${JSON.stringify(call[1])}`)
    return this.tool(...call)
  }

  async answerQuestion(consentId: string, text: string): Promise<void> {
    this.answers.push({ consentId, text })
    this.onAnswer(text)
  }

  pendingPin(): PendingPin | undefined {
    return this.pending
  }

  async confirmPin(consentId: string, pin: string): Promise<PinOutcome> {
    this.calls.push(`pin ${consentId} ${pin.length}`)
    return this.pinOutcome
  }

  async denyPin(consentId: string): Promise<void> {
    this.calls.push(`deny ${consentId}`)
  }

  processes() {
    return [
      { id: "main", pid: process.pid, state: "ready", models: ["wake"], restarts: 2, uptimeMs: 61_000 },
    ] as const
  }

  models(): ModelsStatus {
    return fakeModels
  }

  events(listener: (event: AssistantEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  emit(event: AssistantEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  async shutdown(): Promise<void> {
    this.shutdowns++
  }

  #acknowledge(call: string): Acknowledgement {
    this.calls.push(call)
    return this.acknowledgement
  }
}
