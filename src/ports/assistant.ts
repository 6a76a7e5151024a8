import type * as Effect from "effect/Effect"
import type { PendingPin, PinConsent } from "./consent.ts"
import type { ModelState } from "./models.ts"
import type { Placement, ResidencySnapshot } from "./residency.ts"
import type { ToolEvent, ToolResult } from "./tools.ts"

/** The one door to side effects, as the command line and the control socket see it. Nothing of it rejects. */
export interface Actions {
  /**
   * Calls a tool in a conversation of its own. What has to be agreed to is told to `onQuestion`, and waits for a typed
   * `answerQuestion`; it may be asked once more. Aborting withdraws the question; what was begun is not broken off.
   */
  callTool(
    name: string,
    args: Readonly<Record<string, unknown>>,
    onQuestion: (question: ToolQuestion) => void,
    signal?: AbortSignal,
  ): Promise<ToolResult>
  /** The verdict is what comes of the call. */
  answerQuestion(consentId: string, text: string): Promise<void>
  /** The operation that waits for the PIN. */
  pendingPin(): PendingPin | undefined
  confirmPin(consentId: string, pin: string): Promise<PinOutcome>
  denyPin(consentId: string): Promise<void>
}

export type ToolQuestion = Omit<Extract<ToolEvent, { readonly type: "consent-needed" }>, "type">
export type PinOutcome = Effect.Success<ReturnType<PinConsent["confirm"]>>

/** The assistant as the command line and the control socket see it: one daemon, or one command's own. */
export interface Assistant extends Actions {
  status(): AssistantStatus
  /** Speaks `text`. Settles when it has been played, refused or interrupted; never rejects. */
  say(text: string, signal?: AbortSignal): Promise<Outcome>
  /** A text turn by the same path as a spoken one. `onText` gets the reply in pieces, as it is written. */
  ask(text: string, onText: (piece: string) => void, signal?: AbortSignal): Promise<Outcome>
  /** Transcribes a WAV file, given by its absolute path; `reply` is the text. */
  transcribe(wavPath: string, signal?: AbortSignal): Promise<Outcome>
  /** Listens as if the wake word had been heard. */
  pushToTalk(): Acknowledgement
  mute(): Acknowledgement
  unmute(): Acknowledgement
  /** Ends whatever turn is going on. Nothing to cancel is a success. */
  cancel(): Acknowledgement
  processes(): readonly ProcessRow[]
  /** The models and the memory that is committed to them. */
  models(): ModelsStatus
  /** Calls `listener` with every event from now on, until the returned function is called. */
  events(listener: (event: AssistantEvent) => void): () => void
  /** Stops everything and settles when no process of ours is left; may be called twice; never rejects. */
  shutdown(): Promise<void>
}

export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  /** One line that a person can act on; it never holds what was said. */
  readonly message: string
}

export type RefusalCode =
  | "refused"
  | "model-missing"
  | "unavailable"
  | "busy"
  | "cancelled"
  | "bad-input"
  | "failed"

export type Outcome = { readonly ok: true; readonly reply: string; readonly turnId: string } | Refusal

export type Acknowledgement = { readonly ok: true } | Refusal

export interface AssistantStatus {
  /** The conversation's state: `listening`, `thinking`, `muted`… */
  readonly state: string
  readonly muted: boolean
  /** The microphone, the speaker, each host and the language model. */
  readonly parts: readonly PartStatus[]
  /** Which language model answers, or null where only fixed phrases work. */
  readonly languageModel: string | null
  /** Sentences for the user about what is not as configured. */
  readonly notices: readonly string[]
}

export interface PartStatus {
  readonly id: string
  readonly state: "starting" | "ok" | "degraded" | "failed" | "off"
  readonly detail?: string | undefined
}

/** One process of ours. Memory is read by whoever shows the row. */
export interface ProcessRow {
  readonly id: string
  readonly pid: number
  readonly state: string
  readonly models: readonly string[]
  readonly restarts: number
  readonly uptimeMs: number
}

/** A model, in memory or not; null is what is not known of it. */
export interface ModelRow {
  readonly id: string
  readonly state: ModelState
  /** Where memory is committed to it, and for which variant, by its `footprintKey`. */
  readonly placement: Placement | null
  readonly variant: string | null
  readonly committedMib: number
  readonly declaredMib: number | null
  readonly measuredMib: number | null
  readonly leases: number
  readonly inUse: boolean
  readonly pinned: boolean
}

export interface ModelsStatus {
  readonly models: readonly ModelRow[]
  /** Null while the ledger is away. */
  readonly pools: ResidencySnapshot["pools"] | null
}

export type AssistantEvent =
  | { readonly type: "state"; readonly value: string; readonly atMs: number }
  | { readonly type: "notice"; readonly level: "info" | "warn" | "error"; readonly message: string }
  | TurnEnded
  /** The root gave up; the process should end with code 70 so that the service manager starts it afresh. */
  | { readonly type: "fatal"; readonly message: string }

export interface TurnEnded {
  readonly type: "turn"
  readonly turnId: string
  readonly revision: number
  readonly route: "phrase" | "llm" | "none"
  readonly interrupted: boolean
  /** End of speech to first audible sample. */
  readonly totalMs?: number | undefined
  /** What was said: shown on a terminal, never logged nor sent over the socket. */
  readonly transcript?: string | undefined
  readonly reply?: string | undefined
}

/** What the composition root is asked to build: `openAssistant(config, options)` in `src/main.ts`. */
export interface OpenAssistantOptions {
  /** `microphone`: hands-free. `none`: text turns, speech and transcription only. */
  readonly input: "microphone" | "none"
  readonly output: "speaker" | "none"
  /** Aborted when the user gives up while it starts. */
  readonly signal?: AbortSignal | undefined
}
