import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import { uuidV7 } from "../platform/uuid-v7.ts"
import type {
  Acknowledgement,
  Actions,
  Assistant,
  AssistantEvent,
  AssistantStatus,
  ModelsStatus,
  Outcome,
  PinOutcome,
  ProcessRow,
} from "../ports/assistant.ts"
import type { PendingPin } from "../ports/consent.ts"
import type { LanguageModelChoice } from "../ports/language-model.ts"
import type { ToolResult } from "../ports/tools.ts"
import type { TurnRecord } from "../ports/turn.ts"
import type { AssistantSystem } from "./assistant-system.ts"
import type { TypedTurn } from "./turn/answer-services.ts"
import { transcribeFile } from "./turn/transcribe-file.ts"
import { abandoned, away, brokenOff, busy, outcomeOf, refusalOf } from "./turn-outcome.ts"
import type { StateEntered } from "./voice/conversation-system.ts"

const done: Acknowledgement = { ok: true }

/** The assistant as the command line and the control socket know it, over a system that runs. */
export class RunningAssistant implements Assistant {
  readonly #system: AssistantSystem
  readonly #close: () => Promise<void>
  readonly #listeners = new Set<(event: AssistantEvent) => void>()
  readonly #closed = new Map<string, (outcome: Outcome) => void>()
  readonly #notices: string[] = []
  readonly #oneFile = Semaphore.makeUnsafe(1)
  #state: string | undefined
  #model: LanguageModelChoice | undefined
  #shutdown: Promise<void> | undefined

  constructor(system: AssistantSystem, close: () => Promise<void>) {
    this.#system = system
    this.#close = close
  }

  /** Told by the system; words go only to those who show them to the user. */
  entered({ value, atMs }: StateEntered): void {
    if (value === this.#state) return
    this.#state = value
    this.#tell({ type: "state", value, atMs })
  }

  ended(turn: TurnRecord): void {
    this.#closed.get(turn.id)?.(outcomeOf(turn))
    const { id: turnId, revision, route, interrupted, transcript, reply, latency } = turn
    this.#tell({
      type: "turn",
      turnId,
      revision,
      route,
      interrupted,
      transcript,
      reply,
      totalMs: latency.totalMs,
    })
  }

  noticed(message: string, level: "info" | "warn" | "error" = "warn"): void {
    this.#tell({ type: "notice", level, message })
  }

  /** The conversation is gone, and with it whatever turn it had. */
  lost(): void {
    for (const settle of [...this.#closed.values()]) settle(brokenOff)
  }

  choseModel(choice: LanguageModelChoice): void {
    this.#model = choice
  }

  /** Something that is not as it should be, for `status` to say as long as it lasts. */
  remember(notice: string): void {
    if (!this.#notices.includes(notice)) this.#notices.push(notice)
  }

  failed(message: string): void {
    this.#tell({ type: "fatal", message })
  }

  status(): AssistantStatus {
    const { conversation, models } = this.#system
    const down = conversation.degraded()
    const audit = this.#system.auditFailure()
    return {
      state: conversation.state().value,
      muted: conversation.muted,
      parts: [
        ...models.hosts().map(({ id, phase }) => ({ id, state: partState(phase) })),
        ...down.map((id) => ({ id, state: "failed" as const })),
        ...(audit === undefined ? [] : [{ id: "audit", state: "failed" as const, detail: audit.message }]),
      ],
      languageModel: this.#model?.type === "chosen" ? this.#model.model.name : null,
      notices: this.#model?.notice === undefined ? this.#notices : [this.#model.notice, ...this.#notices],
    }
  }

  say(text: string, signal?: AbortSignal): Promise<Outcome> {
    return this.#turn({ mode: "say", text, onText: () => {} }, signal)
  }

  ask(text: string, onText: (piece: string) => void, signal?: AbortSignal): Promise<Outcome> {
    return this.#turn({ mode: "ask", text, onText }, signal)
  }

  async transcribe(wavPath: string, signal?: AbortSignal): Promise<Outcome> {
    const { fileListener, stt } = this.#system.models
    const words = transcribeFile(wavPath, { listener: fileListener, stt }).pipe(
      Effect.ensuring(fileListener.unload),
      // The listener follows one sound: a second file waits for its turn.
      this.#oneFile.withPermits(1),
    )
    const exit = await Effect.runPromiseExit(words, signal && { signal })
    if (Exit.isSuccess(exit)) return { ok: true, reply: exit.value, turnId: uuidV7() }
    return refusalOf(exit.cause)
  }

  pushToTalk(): Acknowledgement {
    const { conversation } = this.#system
    if (conversation.muted) return { ok: false, code: "refused", message: "muted: say `jett unmute` first" }
    if (conversation.pushToTalk(uuidV7())) return done
    return conversation.state().value === "away" ? away : busy
  }

  mute(): Acknowledgement {
    this.#system.conversation.send({ type: "user.mute" })
    return done
  }

  unmute(): Acknowledgement {
    this.#system.conversation.send({ type: "user.unmute" })
    return done
  }

  cancel(): Acknowledgement {
    this.#system.conversation.send({ type: "user.cancel" })
    return done
  }

  callTool(...call: Parameters<Actions["callTool"]>): Promise<ToolResult> {
    return this.#system.actions.callTool(...call)
  }

  answerQuestion(consentId: string, text: string): Promise<void> {
    return this.#system.actions.answerQuestion(consentId, text)
  }

  pendingPin(): PendingPin | undefined {
    return this.#system.actions.pendingPin()
  }

  confirmPin(consentId: string, pin: string): Promise<PinOutcome> {
    return this.#system.actions.confirmPin(consentId, pin)
  }

  denyPin(consentId: string): Promise<void> {
    return this.#system.actions.denyPin(consentId)
  }

  processes(): readonly ProcessRow[] {
    const now = performance.now()
    const { models } = this.#system
    const spare = models.spare()
    const rows = models.hosts().flatMap(({ id, pid, phase, restarts, upSinceMs }) => {
      const uptimeMs = Math.round(now - (upSinceMs ?? now))
      return pid === undefined
        ? []
        : [{ id, pid, state: phase, models: models.modelsOf(id), restarts, uptimeMs }]
    })
    if (spare === undefined) return rows
    const { pid, state, upSinceMs } = spare
    return [
      ...rows,
      { id: "spare", pid, state, models: [], restarts: 0, uptimeMs: Math.round(now - upSinceMs) },
    ]
  }

  models(): ModelsStatus {
    return this.#system.modelsStatus()
  }

  events(listener: (event: AssistantEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  shutdown(): Promise<void> {
    if (this.#shutdown === undefined) {
      // Whoever waits for a turn is told before there is nobody left to end it.
      this.#system.conversation.send({ type: "user.cancel" })
      this.#shutdown = this.#close()
    }
    return this.#shutdown
  }

  #tell(event: AssistantEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #turn(turn: TypedTurn, signal: AbortSignal | undefined): Promise<Outcome> {
    const turnId = uuidV7()
    if (signal?.aborted) return Promise.resolve(abandoned)
    return new Promise((resolve) => {
      const abandon = (): void => this.#system.conversation.send({ type: "user.cancel" })
      const settle = (outcome: Outcome): void => {
        this.#closed.delete(turnId)
        // A signal may outlive its turn (a client that hangs up) and must not cancel somebody else's.
        signal?.removeEventListener("abort", abandon)
        resolve(outcome)
      }
      this.#closed.set(turnId, settle)
      signal?.addEventListener("abort", abandon, { once: true })
      const { conversation } = this.#system
      if (!conversation.type(turnId, turn)) settle(conversation.state().value === "away" ? away : busy)
    })
  }
}

const partState = (phase: string): "starting" | "ok" | "failed" | "off" => {
  if (phase === "running") return "ok"
  if (phase === "broken") return "failed"
  return phase === "idle" || phase === "ended" ? "off" : "starting"
}
