import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Confirmation } from "../../../ports/consent.ts"
import type { ToolEvent, ToolResult } from "../../../ports/tools.ts"

type Listener = (event: ToolEvent) => void

/** What those who made the same call hear of it: questions, and one result, which is the last. */
export class CallFeed {
  readonly #listeners = new Set<Listener>()
  readonly #result = Deferred.makeUnsafe<ToolResult>()
  #question: ToolEvent | undefined
  #told: ToolResult | undefined

  readonly result: Effect.Effect<ToolResult> = Deferred.await(this.#result)

  ask({ consentId, question, expiresInMs }: Confirmation): void {
    if (this.#told !== undefined) return
    this.#question = { type: "consent-needed", consentId, question, expiresInMs }
    this.#tell(this.#question)
  }

  /** No answer is expected any more. */
  answered(): void {
    this.#question = undefined
  }

  /** The first result is the one that stays; it is returned. */
  end(result: ToolResult): ToolResult {
    if (this.#told !== undefined) return this.#told
    this.#told = result
    this.#question = undefined
    this.#tell(result)
    this.#listeners.clear()
    Deferred.doneUnsafe(this.#result, Effect.succeed(result))
    return result
  }

  /** From the question that is open, or the result, on; `leave` tells how many still listen. */
  listen(listener: Listener): { leave(): number } {
    const sofar = this.#told ?? this.#question
    if (sofar !== undefined) listener(sofar)
    if (this.#told === undefined) this.#listeners.add(listener)
    return {
      leave: () => {
        this.#listeners.delete(listener)
        return this.#listeners.size
      },
    }
  }

  get hasEnded(): boolean {
    return this.#told !== undefined
  }

  /** Whether a result would be heard by anybody. */
  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  #tell(event: ToolEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
