import type { Socket } from "node:net"
import type { FakeAnswer } from "./fake-docker-state.ts"
import { headOf, send } from "./fake-docker-wire.ts"

/**
 * A way to misbehave. `drip`, `truncated` and `wrong-length` spoil the right answer; the others leave the request undone,
 * unless the rule says `acts`.
 */
export type FakeFault =
  /** Takes the request and never answers. */
  | { readonly type: "hang" }
  /** Sends the head of an answer and never the rest. */
  | { readonly type: "hang-in-body" }
  | { readonly type: "reset" }
  /** Closes the connection in good order without an answer. */
  | { readonly type: "close" }
  | { readonly type: "drip"; readonly bytes: number; readonly everyMs: number }
  /** Not HTTP. */
  | { readonly type: "garbage" }
  /** Half of the body that was announced. */
  | { readonly type: "truncated" }
  | { readonly type: "wrong-length"; readonly by: number }
  | { readonly type: "huge"; readonly bytes: number }
  | { readonly type: "redirect"; readonly location: string; readonly status?: number }
  | { readonly type: "status"; readonly status: number; readonly message?: string }
  | {
      readonly type: "answer"
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string | Uint8Array | Iterable<Uint8Array>
    }

/** The head of a right answer; `length` is what it says of its body's. */
export const answerHead = (answer: FakeAnswer, length = answer.body.length): string =>
  headOf(answer.status, {
    ...answer.headers,
    ...(answer.status === 204 || answer.status === 304 ? {} : { "content-length": String(length) }),
  })

const JSON_TYPE = { "content-type": "application/json" }

/** Answers as badly as the fault says. `carryOut` does what was asked, and makes the right answer. */
export const misbehave = async (
  socket: Socket,
  fault: FakeFault,
  carryOut: () => FakeAnswer,
): Promise<void> => {
  switch (fault.type) {
    case "hang":
      return
    case "hang-in-body":
      socket.write(headOf(200, { ...JSON_TYPE, "content-length": "1000" }))
      return
    case "reset":
      socket.resetAndDestroy()
      return
    case "close":
      socket.end()
      return
    case "garbage":
      socket.end("\u0000\u0001 this is not HTTP \r\n\r\n\r\n")
      return
    case "drip": {
      const answer = carryOut()
      const bytes = Buffer.concat([Buffer.from(answerHead(answer)), answer.body])
      for (let at = 0; at < bytes.length && !socket.destroyed; at += fault.bytes) {
        socket.write(bytes.subarray(at, at + fault.bytes))
        await new Promise((resolve) => setTimeout(resolve, fault.everyMs))
      }
      socket.end()
      return
    }
    case "truncated": {
      const answer = carryOut()
      return send(socket, answerHead(answer), [answer.body.subarray(0, answer.body.length >> 1)])
    }
    case "wrong-length": {
      const answer = carryOut()
      return send(socket, answerHead(answer, answer.body.length + fault.by), [answer.body])
    }
    case "huge":
      return send(socket, headOf(200, JSON_TYPE), filler(fault.bytes))
    case "redirect":
      return send(
        socket,
        headOf(fault.status ?? 301, { location: fault.location, "content-length": "0" }),
        [],
      )
    case "status": {
      const body = Buffer.from(JSON.stringify({ message: fault.message ?? "something went wrong" }))
      return send(socket, headOf(fault.status, { ...JSON_TYPE, "content-length": String(body.length) }), [
        body,
      ])
    }
    case "answer": {
      const { body, status = 200, headers = {} } = fault
      if (typeof body !== "string" && !(body instanceof Uint8Array))
        return send(socket, headOf(status, headers), body)
      const bytes = Buffer.from(body)
      return send(socket, headOf(status, { "content-length": String(bytes.length), ...headers }), [bytes])
    }
  }
}

function* filler(bytes: number): Iterable<Uint8Array> {
  const piece = Buffer.alloc(65_536, "x")
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length))
}
