import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { connect as connectTcp, isIP } from "node:net"
import { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"
import type { EngineHost } from "../../security/engine-host.ts"

/** Opens one connection. `onConnected` is told when bytes can leave this machine; errors come as the stream's. */
export type OpenConnection = (onConnected: () => void) => Duplex

/** What is needed to connect, made ready: the TLS files are read anew each time, so that they can be renewed. */
export const prepareConnection = async (host: EngineHost): Promise<OpenConnection> => {
  switch (host.type) {
    case "unix":
      return (onConnected) => connectTcp({ path: host.path }, onConnected)
    case "tcp": {
      const { host: name, port, tls } = host
      if (tls === undefined) return (onConnected) => connectTcp({ host: name, port }, onConnected)
      const [ca, cert, key] = await Promise.all([readFile(tls.ca), readFile(tls.cert), readFile(tls.key)])
      const server = isIP(name) === 0 ? { servername: name } : {}
      // Said explicitly: otherwise an environment variable could turn the check of the certificate off.
      const checks = { rejectUnauthorized: true, minVersion: "TLSv1.2" as const }
      return (onConnected) =>
        connectTls({ host: name, port, ca, cert, key, ...server, ...checks }, onConnected)
    }
    case "ssh":
      return (onConnected) => connectSsh(host, onConnected)
  }
}

/**
 * Through the system's `ssh`, as Docker's own client does it: the user's keys, agent, configuration and known hosts count,
 * and an unknown host is refused.
 */
const connectSsh = (host: EngineHost & { readonly type: "ssh" }, onConnected: () => void): Duplex => {
  const child = spawn("ssh", sshArguments(host), { stdio: ["pipe", "pipe", "ignore"] })
  const connection = Duplex.from({ writable: child.stdin, readable: child.stdout })
  child.once("spawn", onConnected)
  child.once("error", (error) => connection.destroy(error))
  // What is written to a program that has ended.
  child.stdin.on("error", () => {})
  child.stdout.on("error", () => {})
  connection.once("close", () => child.kill())
  return connection
}

/** Exported for its test: nothing of it may be taken for an option or by the remote shell. */
export const sshArguments = ({
  user,
  host,
  port,
  socket,
}: EngineHost & { readonly type: "ssh" }): string[] => [
  "-T",
  ...["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10"].flatMap((option) => ["-o", option]),
  ...(user === undefined ? [] : ["-l", user]),
  ...(port === undefined ? [] : ["-p", String(port)]),
  "--",
  host,
  socket === undefined ? "docker system dial-stdio" : `docker --host unix://${socket} system dial-stdio`,
]
