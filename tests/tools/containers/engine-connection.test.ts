import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createServer } from "node:tls"
import * as Effect from "effect/Effect"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { type EngineHost, parseEngineHost } from "../../../src/security/engine-host.ts"
import { makeDockerEngine } from "../../../src/tools/containers/docker-engine.ts"
import { sshArguments } from "../../../src/tools/containers/engine-connection.ts"
import { type FakeDocker, fakeDocker } from "../../support/fake-docker.ts"
import { childPids, eventually } from "../../support/processes.ts"

/** Certificates for these tests alone, for a hundred years; their authority's key was thrown away. */
const file = (name: string): string => join(import.meta.dirname, "..", "..", "fixtures", "engine-tls", name)

const reasonAt = (host: EngineHost, answerMs = 3_000): Promise<string> =>
  Effect.runPromise(
    Effect.match(
      makeDockerEngine({ host, apiVersion: "1.44", onSecret: () => {}, answerMs }).inspect("n8n"),
      {
        onSuccess: () => "answered",
        onFailure: ({ reason }) => reason,
      },
    ),
  )

describe("Over TLS", () => {
  /** In front of the engine: asks for a certificate of the authority, and shows `certificate`. */
  const tlsFront = async (docker: FakeDocker, certificate: string): Promise<number> => {
    const [ca, cert, key] = await Promise.all([
      readFile(file("ca.pem")),
      readFile(file(`${certificate}.pem`)),
      readFile(file(`${certificate}-key.pem`)),
    ])
    const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
      const engine = connect(docker.socketPath)
      socket.pipe(engine).pipe(socket)
      for (const each of [socket, engine]) each.on("error", () => {})
    })
    server.on("tlsClientError", () => {})
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }
  const hostAt = (port: number, tls: Partial<Record<"ca" | "cert" | "key", string>> = {}): EngineHost => ({
    type: "tcp",
    host: "127.0.0.1",
    port,
    tls: { ca: file("ca.pem"), cert: file("client.pem"), key: file("client-key.pem"), ...tls },
  })

  test("both sides show their certificates, and the engine answers.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    expect(await reasonAt(hostAt(await tlsFront(docker, "server")))).toBe("answered")
  })

  test("an engine of another authority, or of another name, is not spoken to.", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0")
    onTestFinished(() => void vi.unstubAllEnvs())
    const docker = await fakeDocker()
    docker.state.add("n8n")
    const port = await tlsFront(docker, "server")
    expect(await reasonAt(hostAt(port, { ca: file("other-ca.pem") }))).toBe("unreachable")
    expect(await reasonAt(hostAt(await tlsFront(docker, "stranger")))).toBe("unreachable")
    expect(docker.bytes().length).toBe(0)
  })

  test("a file that is not there, or holds nothing, leaves the engine out of reach.", async () => {
    const docker = await fakeDocker()
    const port = await tlsFront(docker, "server")
    expect(await reasonAt(hostAt(port, { key: "/nowhere/key.pem" }))).toBe("unreachable")
    expect(await reasonAt(hostAt(port, { key: import.meta.filename }))).toBe("unreachable")
    expect(docker.bytes().length).toBe(0)
  })

  test("without TLS where TLS is wanted, there is no engine.", async () => {
    const docker = await fakeDocker()
    const port = await tlsFront(docker, "server")
    const found = await reasonAt({ type: "tcp", host: "127.0.0.1", port, tls: undefined }, 500)
    expect(found).not.toBe("answered")
    expect(docker.bytes().length).toBe(0)
  })
})

describe("Over SSH", () => {
  /** A program `ssh` that goes straight to a socket, or does as `body` says, and notes what it was told. */
  const fakeSsh = async (body: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "jett-ssh-"))
    const told = join(folder, "told")
    const script = `#!${process.execPath}\nrequire("node:fs").appendFileSync(${JSON.stringify(told)}, JSON.stringify(process.argv.slice(2)))\n${body}\n`
    await writeFile(join(folder, "ssh"), script)
    await chmod(join(folder, "ssh"), 0o755)
    vi.stubEnv("PATH", folder)
    onTestFinished(async () => {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true, force: true })
    })
    return told
  }
  const host: EngineHost = {
    type: "ssh",
    user: "jett",
    host: "server",
    port: 2222,
    socket: "/run/proxy.sock",
  }

  test("the system's ssh is asked to lead to the engine's socket, and is gone afterwards.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    const told = await fakeSsh(
      `const engine = require("node:net").connect(${JSON.stringify(docker.socketPath)}); process.stdin.pipe(engine).pipe(process.stdout)`,
    )
    const before = childPids()
    expect(await reasonAt(host)).toBe("answered")
    expect(JSON.parse(await readFile(told, "utf8"))).toEqual(sshArguments(host))
    await eventually("ssh is gone", () => childPids().every((pid) => before.includes(pid)))
  })

  test.each([
    ["ends at once", "process.exit(255)"],
    ["says something else", `console.log("Permission denied"); process.exit(255)`],
    ["hangs", "setInterval(() => {}, 1_000)"],
  ])("An ssh that %s is no engine, and is gone afterwards.", async (_title, body) => {
    await fakeSsh(body)
    const before = childPids()
    expect(["unreachable", "timeout", "bad-answer"]).toContain(await reasonAt(host, 1_000))
    await eventually("ssh is gone", () => childPids().every((pid) => before.includes(pid)))
  })

  test("A machine without ssh cannot reach it.", async () => {
    vi.stubEnv("PATH", "/nowhere")
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await reasonAt(host)).toBe("unreachable")
  })

  test("Unknown hosts are refused, and nobody is asked for a password.", () => {
    const told = sshArguments({
      type: "ssh",
      user: undefined,
      host: "server",
      port: undefined,
      socket: undefined,
    })
    expect(told).toEqual([
      ...["-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"],
      ...["--", "server", "docker system dial-stdio"],
    ])
  })
})

describe("An address", () => {
  const tls = { ca: "/a", cert: "/b", key: "/c" }
  test.each([
    ["unix:///run/docker.sock", { type: "unix", path: "/run/docker.sock" }],
    ["tcp://127.0.0.1:2375", { type: "tcp", host: "127.0.0.1", port: 2375, tls: undefined }],
    ["tcp://[::1]:2375", { type: "tcp", host: "::1", port: 2375, tls: undefined }],
    ["ssh://jett@server:22", { type: "ssh", user: "jett", host: "server", port: 22, socket: undefined }],
    [
      "ssh://server/run/x.sock",
      { type: "ssh", user: undefined, host: "server", port: undefined, socket: "/run/x.sock" },
    ],
  ])("%s is one.", (text, host) => {
    expect(parseEngineHost(text)).toEqual({ ok: true, host })
  })

  test("TCP to another machine wants TLS, or the word that the way is a tunnel.", () => {
    const text = "tcp://10.0.0.2:2376"
    expect(parseEngineHost(text)).toMatchObject({ ok: false })
    expect(parseEngineHost(text, { plainTcp: true })).toMatchObject({ ok: true, host: { tls: undefined } })
    expect(parseEngineHost(text, { tls })).toEqual({
      ok: true,
      host: { type: "tcp", host: "10.0.0.2", port: 2376, tls },
    })
  })

  test.each(
    [
      ...[
        "",
        "docker",
        "/run/docker.sock",
        "unix://run/docker.sock",
        "http://server:2375",
        "tcp://server",
        "tcp://u@h:1",
      ],
      ...[
        "tcp://h:1/path",
        "tcp://h:1?x=1",
        "ssh://-oProxyCommand=x",
        "ssh://-l@server",
        "ssh://u:p@server",
        "ssh://",
      ],
      ...[
        "ssh://server/run/$(x)",
        "ssh://server/run/x.sock;reboot",
        "ssh://se rver",
        "ssh://u%20x@server",
        "ssh://server/run%2fx",
      ],
    ].map((text) => [text]),
  )("%j is none.", (text) => {
    expect(parseEngineHost(text, { tls }).ok).toBe(false)
  })
})
