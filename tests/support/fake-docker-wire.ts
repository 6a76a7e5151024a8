import type { Socket } from "node:net"

/** A request as it came over the wire. */
export interface FakeRequest {
  readonly method: string
  /** Path and query, byte for byte. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Which connection it came over, from 0. */
  readonly connection: number
}

/** The first whole request of the bytes, and what follows it. */
export const takeRequest = (
  bytes: Buffer,
  connection: number,
): { readonly request: FakeRequest; readonly rest: Buffer } | undefined => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n")
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(":")
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const length = Number(headers["content-length"] ?? 0)
  const rest = bytes.subarray(end + 4)
  if (rest.length < length) return undefined
  const [method = "", target = ""] = first.split(" ")
  const body = rest.subarray(0, length).toString("latin1")
  return { request: { method, target, headers, body, connection }, rest: rest.subarray(length) }
}

/** The head of an answer, after which the connection is closed. */
export const headOf = (status: number, headers: Readonly<Record<string, string>>): string =>
  `HTTP/1.1 ${status} Fake\r\n${Object.entries({ ...headers, connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`

/** Sends head and body no faster than they are taken, and closes. */
export const send = async (socket: Socket, head: string, body: Iterable<Uint8Array>): Promise<void> => {
  socket.write(head)
  for (const piece of body) {
    if (socket.destroyed) return
    if (!socket.write(piece)) await drained(socket)
  }
  socket.end()
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done)
      socket.off("close", done)
      resolve()
    }
    socket.on("drain", done)
    socket.on("close", done)
  })
