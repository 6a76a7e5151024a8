import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { answerHead, type FakeFault, misbehave } from "./fake-docker-fault.ts"
import { FakeDockerState } from "./fake-docker-state.ts"
import { type FakeRequest, send, takeRequest } from "./fake-docker-wire.ts"

/** Which requests a fault or a deed is for; all, unless told otherwise. */
export interface FakeMatch {
  readonly method?: string
  /** Against the path and query, version included. */
  readonly path?: RegExp
  /** How many matching requests are let pass first. */
  readonly skip?: number
  /** For how many requests: a fault is for all, a deed for one, unless told otherwise. */
  readonly times?: number
}

export interface FakeDocker {
  /** `unix://…` */
  readonly host: string
  readonly socketPath: string
  /** The containers: add, rename, recreate, remove. */
  readonly state: FakeDockerState
  /** As they came. */
  readonly requests: readonly FakeRequest[]
  /** Requests that could change something: all but GET and HEAD. */
  changes(): readonly FakeRequest[]
  /** "METHOD target" of each request, without the version in front. */
  lines(): readonly string[]
  /** Every byte that came, over whatever connection. */
  bytes(): Buffer
  /** How many connections were made, and how many are open. */
  readonly connections: { made: number; open: number }
  /**
   * Misbehaves from now on; later rules go before earlier ones. With `acts` the request is carried out all the same.
   * Gives back what ends it.
   */
  fail(fault: FakeFault, match?: FakeMatch & { readonly acts?: boolean }): () => void
  /** Does something at the server when a request has come, before it is carried out. */
  before(match: FakeMatch, deed: (request: FakeRequest) => void | Promise<void>): void
  /** Forgets what came so far. */
  clear(): void
  /** Breaks all connections and takes no more, as a dead engine. */
  crash(): Promise<void>
  /** Listens again where it did. */
  restart(): Promise<void>
  close(): Promise<void>
}

interface Counted {
  readonly match: FakeMatch
  seen: number
}

/**
 * A Docker engine on the wire: a real Unix socket that takes any bytes, keeps all of them, and answers as an engine with
 * these containers would, or as badly as it is told. Gone with the test; outside of one the caller closes it.
 */
export const fakeDocker = async (): Promise<FakeDocker> => {
  const folder = await mkdtemp(join(tmpdir(), "jett-fake-docker-"))
  const socketPath = join(folder, "docker.sock")
  const state = new FakeDockerState()
  const requests: FakeRequest[] = []
  let received: Buffer[] = []
  let rules: (Counted & { readonly fault: FakeFault; readonly acts: boolean })[] = []
  const deeds: (Counted & { readonly deed: (request: FakeRequest) => void | Promise<void> })[] = []
  const sockets = new Set<Socket>()
  const connections = { made: 0, open: 0 }

  const respond = async (socket: Socket, request: FakeRequest): Promise<void> => {
    for (const entry of deeds) if (isDue(entry, request, 1)) await entry.deed(request)
    const rule = rules.findLast((each) => isDue(each, request, Number.POSITIVE_INFINITY))
    const carryOut = () => state.answer(request.method, request.target)
    if (rule === undefined) {
      const answer = carryOut()
      return send(socket, answerHead(answer), [answer.body])
    }
    if (rule.acts) carryOut()
    return misbehave(socket, rule.fault, carryOut)
  }

  const serve = (socket: Socket): void => {
    const connection = connections.made
    connections.made += 1
    connections.open += 1
    sockets.add(socket)
    let pending: Buffer = Buffer.alloc(0)
    let turn = Promise.resolve()
    socket.on("data", (bytes) => {
      received.push(bytes)
      pending = Buffer.concat([pending, bytes])
      for (;;) {
        const next = takeRequest(pending, connection)
        if (next === undefined) return
        pending = next.rest
        requests.push(next.request)
        turn = turn.then(() => respond(socket, next.request)).catch(() => void socket.destroy())
      }
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      connections.open -= 1
      sockets.delete(socket)
    })
  }

  let server: Server | undefined
  const restart = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server = createServer(serve)
      server.once("error", reject)
      server.listen(socketPath, resolve)
    })
  const crash = (): Promise<void> =>
    new Promise((resolve) => {
      if (server === undefined) return resolve()
      server.close(() => resolve())
      server = undefined
      for (const socket of sockets) socket.destroy()
    })
  const close = async (): Promise<void> => {
    await crash()
    await rm(folder, { recursive: true, force: true })
  }
  await restart()
  try {
    onTestFinished(close)
  } catch {
    // In a hook or a benchmark: the caller closes it.
  }
  return {
    host: `unix://${socketPath}`,
    socketPath,
    state,
    requests,
    changes: () => requests.filter(({ method }) => method !== "GET" && method !== "HEAD"),
    lines: () =>
      requests.map(({ method, target }) => `${method} ${target.replace(/^\/v\d+\.\d+(?=\/)/, "")}`),
    bytes: () => Buffer.concat(received),
    connections,
    fail: (fault, match = {}) => {
      const rule = { fault, match, acts: match.acts === true, seen: 0 }
      rules.push(rule)
      return () => {
        rules = rules.filter((each) => each !== rule)
      }
    },
    before: (match, deed) => void deeds.push({ match, deed, seen: 0 }),
    clear: () => {
      requests.length = 0
      received = []
    },
    crash,
    restart,
    close,
  }
}

/** Whether it is for this request; counts those that it could have been for. */
const isDue = (rule: Counted, { method, target }: FakeRequest, byDefault: number): boolean => {
  const { match } = rule
  if (match.method !== undefined && match.method !== method) return false
  if (match.path !== undefined && !match.path.test(target)) return false
  const { skip = 0, times = byDefault } = match
  rule.seen += 1
  return rule.seen > skip && rule.seen <= skip + times
}
