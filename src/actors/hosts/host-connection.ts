import type { Readable, Writable } from "node:stream"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { decodePayload, encodeFrame, FrameDecoder } from "../../models/host-framing.ts"
import { parseFromHost } from "../../models/host-messages.ts"
import type { FromHost, ToHost } from "../../ports/host-protocol.ts"
import { HostFailure } from "./host-handle.ts"

/** The message that answers a request for good. */
export type Answer = Extract<FromHost, { readonly type: "loaded" | "done" | "unloaded" | "pong" }>

interface Pending {
  readonly answer: Deferred.Deferred<Answer, HostFailure>
  readonly onChunk: ((value: unknown) => void) | undefined
}

/**
 * Requests and answers over the two pipes of a host. It knows frames and ids, nothing of processes or deadlines.
 * Whatever breaks the protocol is reported once by `onViolation`; the owner kills the host.
 */
export class HostConnection {
  readonly hello: Deferred.Deferred<{ readonly pid: number }> = Deferred.makeUnsafe()
  readonly #host: string
  readonly #toHost: Writable
  readonly #decoder = new FrameDecoder()
  readonly #pending = new Map<number, Pending>()
  readonly #onViolation: (detail: string) => void
  #nextId = 1
  #closed: HostFailure | undefined

  constructor(options: {
    readonly host: string
    readonly toHost: Writable
    readonly fromHost: Readable
    readonly onViolation: (detail: string) => void
  }) {
    this.#host = options.host
    this.#toHost = options.toHost
    this.#onViolation = options.onViolation
    // A broken pipe is no news: the end of the process is noticed by its exit, and a pipe may break before or after it.
    options.toHost.on("error", () => undefined)
    options.fromHost.on("error", () => undefined)
    options.fromHost.on("data", (chunk: Buffer) => this.#receive(chunk))
  }

  /**
   * Sends the request that `message` makes of a fresh id. Fails at once, without sending, if it cannot be serialised
   * or the host is gone.
   */
  request(
    message: (id: number) => ToHost,
    onChunk?: (value: unknown) => void,
  ): { readonly id: number; readonly answer: Effect.Effect<Answer, HostFailure> } {
    const id = this.#nextId++
    const answer = Deferred.makeUnsafe<Answer, HostFailure>()
    const refusal = this.#closed ?? this.#write(message(id))
    if (refusal === undefined) this.#pending.set(id, { answer, onChunk })
    else Deferred.doneUnsafe(answer, Effect.fail(refusal))
    return { id, answer: Deferred.await(answer) }
  }

  /** A message without an answer of its own. */
  tell(message: Extract<ToHost, { readonly type: "cancel" | "shutdown" }>): void {
    if (this.#closed === undefined) this.#write(message)
  }

  /** Ends every request, now and later, with `failure`. */
  close(failure: HostFailure): void {
    if (this.#closed !== undefined) return
    this.#closed = failure
    for (const { answer } of this.#pending.values()) Deferred.doneUnsafe(answer, Effect.fail(failure))
    this.#pending.clear()
  }

  #write(message: ToHost): HostFailure | undefined {
    try {
      this.#toHost.write(encodeFrame(message))
      return undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return new HostFailure({ host: this.#host, code: "bad-input", message: `${this.#host}: ${reason}` })
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#closed !== undefined) return
    try {
      for (const payload of this.#decoder.push(chunk)) {
        const message = parseFromHost(decodePayload(payload))
        if (message === undefined) throw new Error("The frame holds no message of the host protocol.")
        this.#dispatch(message)
      }
    } catch (error) {
      this.#onViolation(error instanceof Error ? error.message : String(error))
    }
  }

  #dispatch(message: FromHost): void {
    if (message.type === "hello") {
      Deferred.doneUnsafe(this.hello, Effect.succeed({ pid: message.pid }))
      return
    }
    const pending = this.#pending.get(message.id)
    if (pending === undefined) {
      throw new Error(`The host answered request ${message.id}, which is not open.`)
    }
    if (message.type === "chunk") {
      pending.onChunk?.(message.value)
      return
    }
    this.#pending.delete(message.id)
    const host = this.#host
    const outcome =
      message.type === "failed"
        ? Effect.fail(new HostFailure({ host, code: message.code, message: message.message }))
        : Effect.succeed(message)
    Deferred.doneUnsafe(pending.answer, outcome)
  }
}
