import { chmodSync, lstatSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import type { Assistant } from "../ports/assistant.ts"
import { type ControlServices, serveConnection } from "./control-connection.ts"
import type { ControlReply } from "./control-protocol.ts"

export interface ControlServerOptions {
  readonly socketPath: string
  readonly assistant: Assistant
  readonly version: string
  /** A client asked for the end; the answer has been sent. */
  readonly onShutdown: () => void
  /** Connections at once; more are turned away. */
  readonly maxConnections?: number | undefined
  /** A connection with nothing going on is closed after this long. */
  readonly idleMs?: number | undefined
}

export interface ControlServer {
  /** Closes the socket and its connections; may be called twice. */
  close(): Promise<void>
}

/**
 * Serves the control socket (mode 0600, in a folder of mode 0700). The caller holds the instance lock, so a socket
 * that is already there is the remains of a process that died, and is replaced.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socketPath, maxConnections = 32, idleMs = 60_000 } = options
  removeStaleSocket(socketPath)
  const open = new Set<Socket>()
  const services: ControlServices = { ...options, idleMs }
  const server = createServer((socket) => {
    // An error of one connection is that connection's end; "close" follows.
    socket.on("error", () => {})
    if (open.size >= maxConnections) {
      turnAway(socket, maxConnections)
      return
    }
    open.add(socket)
    socket.on("close", () => open.delete(socket))
    serveConnection(socket, services)
  })
  await listen(server, socketPath)
  chmodSync(socketPath, 0o600)
  let closed: Promise<void> | undefined
  return {
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) closeGently(socket)
      })
      return closed
    },
  }
}

function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is not a socket; remove it`)
  rmSync(path, { force: true })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(path, () => {
      server.off("error", reject)
      // A failed `accept` (out of descriptors) must not end the daemon.
      server.on("error", () => {})
      resolve()
    })
  })
}

function turnAway(socket: Socket, limit: number): void {
  const message = `more than ${limit} connections at once; try again`
  const reply: ControlReply = { id: null, event: "error", code: "too-many", message }
  socket.end(`${JSON.stringify(reply)}\n`)
  closeGently(socket)
}

/** Lets what was written go out, and does not wait for a peer that does not read. */
function closeGently(socket: Socket): void {
  socket.end()
  setTimeout(() => socket.destroy(), 200).unref()
}
