import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { Socket } from "node:net"
import { HOST_EXIT, parseHostArguments } from "./host-arguments.ts"
import { watchParent } from "./watch-parent.ts"

/**
 * Keeps a server that is not ours and so does not watch its parent: starts it in this process's group and ends the
 * whole group as soon as the parent is gone, even by SIGKILL. Ends as the server ends.
 *
 * On fd 3 comes one line of JSON, `KeeperOrder`. The first byte after it says that the server is ready: what it writes
 * until then goes to our own stdout and stderr, for the report of a failed start; from then on nothing is kept, because
 * such servers log what they hear.
 */
export interface KeeperOrder {
  /** For the system's shell. */
  readonly command: string
  /** A private folder for the server's temporary files, which hold sound; removed at the end. */
  readonly folder: string
}

const args = parseHostArguments(process.argv.slice(2))
if (args.type === "wrong") {
  process.stderr.write(`${args.message}\n`)
  process.exit(HOST_EXIT.usage)
}
const { parentPid } = args
let cleanUp = (): void => undefined

/** Parent gone: nobody is left to tell, and the group must go with it. */
const die = (): void => {
  cleanUp()
  process.kill(-process.pid, "SIGKILL")
}

// A broken pipe, or a bug: whatever ends the keeper must not leave the server behind.
process.stdout.on("error", die)
process.stderr.on("error", die)
process.on("uncaughtException", die)

// Besides, the end of fd 3 is the sign that the parent is gone.
watchParent(parentPid, die)

const run = ({ command, folder }: KeeperOrder): { discard(): void } => {
  const { NODE_CHANNEL_FD: _, ...inherited } = process.env
  const env = { ...inherited, TMPDIR: folder, HF_HUB_DISABLE_TELEMETRY: "1" }
  const server = spawn(command, { shell: "/bin/sh", env, stdio: ["ignore", "pipe", "pipe"] })
  cleanUp = () => {
    server.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  server.stdout.pipe(process.stdout)
  server.stderr.pipe(process.stderr)
  server.on("error", (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(HOST_EXIT.usage)
  })
  // After `close`: what it wrote last has been passed on. A child of the server may hold its output open for ever.
  const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (signal === null) process.exit(code ?? HOST_EXIT.ok)
    process.kill(process.pid, signal)
  }
  server.on("close", ended)
  server.on("exit", (code, signal) => setTimeout(() => ended(code, signal), 100))
  return {
    discard: () => {
      for (const stream of [server.stdout, server.stderr]) {
        stream.unpipe()
        stream.resume()
      }
    },
  }
}

let line = ""
let server: ReturnType<typeof run> | undefined
const input = new Socket({ fd: 3, readable: true, writable: false })
input.setEncoding("utf8")
input.on("data", (piece: string) => {
  if (server !== undefined) {
    server.discard()
    return
  }
  line += piece
  const end = line.indexOf("\n")
  if (end === -1) return
  server = run(orderFrom(line.slice(0, end)))
  if (line.length > end + 1) server.discard()
})
input.on("end", die)
input.on("error", die)

function orderFrom(text: string): KeeperOrder {
  const order: unknown = JSON.parse(text)
  if (
    typeof order === "object" &&
    order !== null &&
    "command" in order &&
    "folder" in order &&
    typeof order.command === "string" &&
    typeof order.folder === "string"
  ) {
    return { command: order.command, folder: order.folder }
  }
  process.stderr.write("The keeper of a server takes a command and a folder.\n")
  return process.exit(HOST_EXIT.protocol)
}
