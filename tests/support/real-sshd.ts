import { type ChildProcess, execFile, spawn } from "node:child_process"
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "./free-port.ts"
import { component } from "./require-component.ts"

const run = promisify(execFile)

export interface RealSshd {
  readonly port: number
  readonly user: string
  /** Holds a program `ssh` that uses this server's keys and known hosts: for the front of `PATH`. */
  readonly bin: string
  /** Forgets the server's key, so that it is an unknown host. */
  forgetHost(): Promise<void>
  stop(): Promise<void>
}

/** OpenSSH's server on a free loopback port, with keys of its own in a temporary folder. */
export const startSshd = async (): Promise<RealSshd> => {
  const sshd = component("sshd")
  if (!sshd.available) throw new Error(sshd.why)
  const folder = await mkdtemp(join(tmpdir(), "jett-sshd-"))
  const at = (name: string): string => join(folder, name)
  const [port, user] = [await freePort(), userInfo().username]
  for (const key of ["host", "user"])
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(key)])
  const [hostKey, userKey] = await Promise.all([
    readFile(at("host.pub"), "utf8"),
    readFile(at("user.pub"), "utf8"),
  ])
  await writeFile(at("authorized"), userKey, { mode: 0o600 })
  await writeFile(at("known"), `[127.0.0.1]:${port} ${hostKey}`)
  await writeFile(
    at("sshd_config"),
    [
      ...[
        `Port ${port}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${at("host")}`,
        `AuthorizedKeysFile ${at("authorized")}`,
      ],
      ...[
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        "StrictModes no",
      ],
      ...[`PidFile ${at("pid")}`, "UsePAM no"],
    ].join("\n"),
  )
  await writeFile(
    at("ssh_config"),
    `IdentityFile ${at("user")}\nIdentitiesOnly yes\nUserKnownHostsFile ${at("known")}\nGlobalKnownHostsFile /dev/null\n`,
  )
  await mkdir(at("bin"))
  const { stdout } = await run("sh", ["-c", "command -v ssh"])
  await writeFile(at("bin/ssh"), `#!/bin/sh\nexec ${stdout.trim()} -F ${at("ssh_config")} "$@"\n`)
  await chmod(at("bin/ssh"), 0o755)
  // The server wants this folder, which its service would make.
  await mkdir("/run/sshd", { recursive: true })
  const server = spawn(sshd.path, ["-D", "-e", "-f", at("sshd_config")], { stdio: "ignore" })
  const stop = async (): Promise<void> => {
    await ended(server)
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; ; attempt += 1) {
    const up = await run(at("bin/ssh"), [
      "-o",
      "BatchMode=yes",
      "-p",
      String(port),
      "127.0.0.1",
      "true",
    ]).then(
      () => true,
      () => false,
    )
    if (up) break
    if (attempt > 50) {
      await stop()
      throw new Error("sshd does not take our key")
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { port, user, bin: at("bin"), forgetHost: () => writeFile(at("known"), ""), stop }
}

const ended = (server: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve()
    server.once("exit", () => resolve())
    server.kill("SIGKILL")
  })
