import { createServer, type Socket } from "node:net"
import { onTestFinished } from "vitest"
import { encodeEvent, WyomingDecoder, type WyomingEvent } from "../../src/models/wyoming-framing.ts"

export interface FakeWyoming {
  readonly port: number
  readonly url: string
  /** Every event that came, in order. */
  readonly events: readonly WyomingEvent[]
  /** Connections made so far, and those that are still open. */
  connections(): number
  open(): number
}

export const info = (installed = true): WyomingEvent => ({
  type: "info",
  data: { asr: [{ name: "fake", installed, models: [{ name: "tiny", installed }] }], tts: [] },
})

export const transcript = (text: unknown): WyomingEvent => ({ type: "transcript", data: { text } })

/** What the server does with an event: answers by writing to the socket, or does not. */
export type React = (event: WyomingEvent, socket: Socket) => void

/** As a good server does. */
export const politely: React = ({ type }, socket) => {
  if (type === "describe") socket.write(encodeEvent(info()))
  if (type === "audio-stop") socket.end(encodeEvent(transcript("  What  time is it? ")))
}

/** A server of the Wyoming protocol as bad as `react` makes it; on a free loopback port, gone when the test is. */
export const fakeWyoming = async (react: React = politely): Promise<FakeWyoming> => {
  const events: WyomingEvent[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    const decoder = new WyomingDecoder()
    socket.on("error", () => undefined)
    socket.on("close", () => sockets.delete(socket))
    socket.on("data", (chunk) => {
      for (const event of decoder.push(chunk)) {
        events.push(event)
        react(event, socket)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    port,
    url: `tcp://127.0.0.1:${port}`,
    events,
    connections: () => connections,
    open: () => sockets.size,
  }
}
