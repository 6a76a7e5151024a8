import { createConnection } from "node:net"
import * as Effect from "effect/Effect"
import type { ModelFailure } from "../ports/models.ts"
import { ModelError } from "./model-error.ts"
import type { WyomingEndpoint } from "./wyoming-endpoint.ts"
import { encodeEvent, WyomingDecoder, type WyomingEvent, WyomingFrameError } from "./wyoming-framing.ts"

export interface WyomingExchange<A> {
  readonly send: readonly WyomingEvent[]
  /** What an event answers, or undefined if it is not the answer. Events of unknown types are passed over. */
  readonly answer: (event: WyomingEvent) => A | undefined
  readonly deadlineMs: number
}

/**
 * Sends events over a connection of its own and waits for the answer; interrupting closes the connection. One
 * connection an exchange, because that is what servers expect: wyoming-faster-whisper closes it after a transcript.
 */
export const exchange = <A>(
  endpoint: WyomingEndpoint,
  { send, answer, deadlineMs }: WyomingExchange<A>,
): Effect.Effect<A, ModelFailure> =>
  Effect.callback<A, ModelFailure>((resume) => {
    const socket = createConnection(endpoint.connect)
    const decoder = new WyomingDecoder()
    let connected = false

    const end = (outcome: Effect.Effect<A, ModelFailure>): void => {
      socket.destroy()
      resume(outcome)
    }
    const fail = (reason: ModelFailure["reason"], message: string): void =>
      end(Effect.fail(failure(reason, message)))

    const receive = (chunk: Buffer): void => {
      for (const event of decoder.push(chunk)) {
        if (event.type === "error") {
          // Its text is the server's own and may repeat what was heard.
          fail(
            "failed",
            `The Wyoming server at ${endpoint.url} could not do it${codeOf(event)}; see its log.`,
          )
          return
        }
        const found = answer(event)
        if (found === undefined) continue
        end(Effect.succeed(found))
        return
      }
    }

    socket.on("connect", () => {
      connected = true
      for (const event of send) socket.write(encodeEvent(event))
    })
    socket.on("data", (chunk) => {
      try {
        receive(chunk)
      } catch (error) {
        const detail = error instanceof WyomingFrameError ? `: ${error.message}` : ""
        fail(
          "failed",
          `What answers at ${endpoint.url} does not speak the Wyoming protocol${detail}; correct stt.wyoming_url.`,
        )
      }
    })
    socket.on("error", (error) => {
      const code = "code" in error ? ` (${String(error.code)})` : ""
      if (connected) fail("died", `The Wyoming server at ${endpoint.url} broke off${code}; see its log.`)
      else {
        fail(
          "unavailable",
          `No Wyoming server answers at ${endpoint.url}${code}; start it, or correct stt.wyoming_url.`,
        )
      }
    })
    socket.on("close", () =>
      fail("died", `The Wyoming server at ${endpoint.url} hung up before it answered; see its log.`),
    )
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOrElse({
      duration: deadlineMs,
      orElse: () =>
        Effect.fail(
          failure(
            "deadline",
            `The Wyoming server at ${endpoint.url} did not answer within ${deadlineMs / 1000} s; take a smaller model, or see its log.`,
          ),
        ),
    }),
  )

const failure = (reason: ModelFailure["reason"], message: string): ModelError =>
  new ModelError({ model: "wyoming", reason, message })

/** The machine-readable code, where it is one. */
const codeOf = ({ data }: WyomingEvent): string => {
  const { code } = data
  return typeof code === "string" && /^[\w.-]{1,40}$/.test(code) ? ` (${code})` : ""
}
