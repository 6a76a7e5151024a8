import * as Effect from "effect/Effect"
import type { GuardTimes } from "../../machines/guard/guarded-call-types.ts"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { DenialCode } from "../../ports/guard.ts"
import type { CallContext, ToolCall, ToolResult } from "../../ports/tools.ts"
import { within } from "../timing.ts"
import { type GuardedCall, startCall } from "./call/guarded-call.ts"
import type { CallMemory } from "./call-memory.ts"
import { callFingerprint } from "./consent/consent-hash.ts"
import { denialOf } from "./denial-speech.ts"
import type { GuardParts } from "./guard-parts.ts"

/** More calls at once than anybody makes; one more leaves no row. */
const MAX_CALLS = 64

/** What an id is made of: it goes into the log as it is. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/

/** The calls that run, by their id, and what became of those that did. */
export class CallRegistry {
  readonly #running = new Map<
    string,
    { readonly call: GuardedCall; readonly fingerprint: string | undefined }
  >()
  readonly #memory: CallMemory
  readonly #parts: GuardParts
  readonly #times: GuardTimes
  #isOpen = true

  constructor(options: {
    readonly memory: CallMemory
    readonly parts: GuardParts
    readonly times: GuardTimes
  }) {
    this.#memory = options.memory
    this.#parts = options.parts
    this.#times = options.times
  }

  *calls(): Iterable<GuardedCall> {
    for (const { call } of this.#running.values()) yield call
  }

  /** The call with this id, started if it is new; or its result. */
  join(call: ToolCall, context: CallContext): GuardedCall | ToolResult {
    if (!this.#isOpen) return denialOf("cancelled")
    if (![call.callId, call.turnId, context.conversationId].every(isId)) {
      return this.#refuse({ ...call, turnId: "none" }, { ...context, conversationId: "none" })
    }
    const fingerprint = callFingerprint(call.name, call.arguments)
    const known = this.#memory.find(call.callId)
    const running = this.#running.get(call.callId)
    const before = known ?? running
    if (before !== undefined && before.fingerprint !== undefined && before.fingerprint !== fingerprint)
      return this.#refuse(call, context)
    return known?.result ?? running?.call ?? this.#start(call, context, fingerprint)
  }

  /** Whoever still waits is told; what is being done gets `ms` to end. */
  close(ms: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isOpen = false
      const calls = [...this.calls()]
      for (const { life } of calls) life.cancel()
      const ended = Effect.forEach(calls, ({ final }) => final, { concurrency: "unbounded", discard: true })
      return Effect.andThen(
        within(ended, { clock: this.#parts.clock, ms, late: () => Effect.void }),
        Effect.sync(() => {
          for (const call of this.calls()) call.abandon()
        }),
      )
    })
  }

  /** A call that is not what its id says, or has none: under an id of ours it leaves its row. */
  #refuse(call: ToolCall, context: CallContext): GuardedCall | ToolResult {
    return this.#start({ ...call, callId: uuidV7(this.#parts.wallNow()) }, context, undefined, "malformed")
  }

  #start(
    call: ToolCall,
    context: CallContext,
    fingerprint: string | undefined,
    refuse?: DenialCode,
  ): GuardedCall | ToolResult {
    if (this.#running.size >= MAX_CALLS) return denialOf("rate-limited")
    const { callId } = call
    const started = startCall({
      call: { ...call },
      context: { ...context },
      refuse,
      parts: this.#parts,
      times: this.#times,
      onEnd: (result) => {
        this.#running.delete(callId)
        this.#memory.remember(callId, fingerprint, result)
      },
    })
    this.#running.set(callId, { call: started, fingerprint })
    return started
  }
}

const isId = (id: unknown): boolean => typeof id === "string" && ID.test(id)
