import { Socket } from "node:net"
import { setPriority } from "node:os"
import { Worker } from "node:worker_threads"
import type { FromHost, HostErrorCode, ToHost } from "../ports/host-protocol.ts"
import { HOST_EXIT, parseHostArguments } from "./host-arguments.ts"
import { decodePayload, encodeFrame, FrameDecoder } from "./host-framing.ts"
import { parseToHost } from "./host-messages.ts"
import type { FromWorker, ToWorker, WorkerData } from "./host-thread.ts"
import { verifyFiles } from "./verify-files.ts"
import { watchParent } from "./watch-parent.ts"

/**
 * A model host: the process in which models run, started by `src/actors/hosts/host-process.ts` in a process group of its own.
 * This thread speaks the protocol of `src/ports/host-protocol.ts` on fd 3 and fd 4, answers pings and checks files;
 * the engines run in a worker thread. See `host-arguments.ts` for the arguments.
 */
const args = parseHostArguments(process.argv.slice(2))
if (args.type === "wrong") {
  process.stderr.write(`${args.message}\n`)
  process.exit(HOST_EXIT.usage)
}
const { parentPid, nice, prepare, engineModule } = args

/**
 * SIGKILL for the whole group, this process included. `process.exit` would wait for the engine thread, which may be
 * blocked in native code for ever.
 */
const die = (): never => {
  try {
    process.kill(-process.pid, "SIGKILL")
  } catch {
    // Not the leader of a group: started by hand.
  }
  process.kill(process.pid, "SIGKILL")
  return process.exit(HOST_EXIT.orphaned)
}

if (nice !== undefined) {
  try {
    // Before any other thread exists: on Linux the value belongs to a thread, and later threads inherit it.
    setPriority(process.pid, nice)
  } catch {
    // Raising one's own priority needs a right that a desktop user often lacks; the host works without.
  }
}

// Besides, the end of fd 3 is the sign that the parent is gone.
watchParent(parentPid, die)

const output = new Socket({ fd: 4, readable: false, writable: true })
output.on("error", die)
const send = (message: FromHost): void => {
  output.write(encodeFrame(message))
}

const workerData: WorkerData = { engineModule, prepare }
const worker = new Worker(new URL("./host-worker.js", import.meta.url), { workerData })
const tell = (message: ToWorker): void => worker.postMessage(message)

/** The operation in the engine thread or in verification; the client sends one at a time. */
let inFlight: { readonly id: number; cancelled: boolean } | undefined
let stopping = false

worker.on("message", (note: FromWorker) => {
  switch (note.type) {
    case "ready":
      send({ type: "hello", pid: process.pid, protocol: 1 })
      return
    case "frame":
      if (note.ends) inFlight = undefined
      output.write(note.frame)
      return
    case "stopped":
      process.exit(HOST_EXIT.ok)
  }
})
worker.on("error", (error) => {
  process.stderr.write(`engine thread: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(HOST_EXIT.engineThread)
})
worker.on("exit", (code) => process.exit(stopping ? HOST_EXIT.ok : code))

const fail = (id: number, code: HostErrorCode, message: string): void =>
  send({ type: "failed", id, code, message })

const load = async (message: Extract<ToHost, { readonly type: "load" }>): Promise<void> => {
  const operation = { id: message.id, cancelled: false }
  inFlight = operation
  tell({ type: "prepare", engine: message.engine })
  const startedAt = performance.now()
  const refusal = await verifyFiles(message.model, message.options).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  if (operation.cancelled || refusal !== undefined) {
    inFlight = undefined
    fail(message.id, operation.cancelled ? "cancelled" : "load-failed", refusal ?? "The load was cancelled.")
    return
  }
  tell({ ...message, verifiedInMs: performance.now() - startedAt })
}

const receive = (message: ToHost): void => {
  switch (message.type) {
    case "ping":
      send({ type: "pong", id: message.id })
      return
    case "cancel":
      if (inFlight?.id === message.id) inFlight.cancelled = true
      tell({ type: "cancel", of: message.id })
      return
    case "shutdown":
      stopping = true
      tell({ type: "shutdown" })
      return
    default:
      if (inFlight !== undefined) {
        fail(message.id, "busy", `Operation ${inFlight.id} is still running.`)
      } else if (message.type === "load") {
        void load(message)
      } else {
        inFlight = { id: message.id, cancelled: false }
        tell(message)
      }
  }
}

const decoder = new FrameDecoder()
const input = new Socket({ fd: 3, readable: true, writable: false })
input.on("data", (chunk: Buffer) => {
  try {
    for (const payload of decoder.push(chunk)) {
      const message = parseToHost(decodePayload(payload))
      if (message === undefined) throw new Error("The frame holds no message of the host protocol.")
      receive(message)
    }
  } catch (error) {
    process.stderr.write(`protocol: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(HOST_EXIT.protocol)
  }
})
input.on("end", die)
input.on("error", die)
