import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, connect as dial, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { readLog } from "../../src/security/audit/read-log.ts"
import { connectControl } from "../../src/service/control-client.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { fakeDocker } from "../support/fake-docker.ts"
import {
  environmentSecrets,
  filesBelow,
  findSecrets,
  formsOf,
  type PlantedSecret,
  shapedSecrets,
} from "../support/planted-secrets.ts"
import { eventually } from "../support/processes.ts"
import { RealDocker } from "../support/real-docker.ts"
import { describeWith } from "../support/require-component.ts"

const VISIBLE = "the-marker-that-may-be-seen"

const configure = (home: string, host: string): void => {
  mkdirSync(join(home, "config", "jett"), { recursive: true, mode: 0o700 })
  const allow = `allow = ["status", "logs", "stats", "start", "restart", "stop"]`
  writeFileSync(
    join(home, "config", "jett", "config.toml"),
    `[docker]\nhost = "${host}"\n[guard]\nper_minute = 60\n[containers.n8n]\n${allow}\n`,
  )
}

const surroundings = (home: string): Readonly<Record<string, string>> => ({
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_STATE_HOME: join(home, "state"),
})

/** Lines of a log that has the secrets in all ways that a redactor is told to know. */
const logLines = (known: readonly PlantedSecret[]): readonly string[] => [
  VISIBLE,
  ...shapedSecrets().map(({ line }) => line),
  ...known.flatMap(({ value }) => [
    `it is ${value} here`,
    `{"value":${JSON.stringify(value)}}`,
    `GET /login?with=${encodeURIComponent(value)}`,
    `encoded ${Buffer.from(value).toString("base64")}`,
    `encoded ${Buffer.from(`user:${value}`).toString("base64")}`,
  ]),
  VISIBLE,
]

test("The search finds every form of a secret, wherever in a sink it stands", () => {
  const secrets = [...Object.values(environmentSecrets()), ...shapedSecrets()]
  for (const { name, value } of secrets) {
    for (const [form, written] of formsOf(value)) {
      const sink = Buffer.concat([Buffer.from("\0before "), written, Buffer.from(" after\0")])
      expect(findSecrets([{ name, value }], new Map([["sink", sink]]))).toContain(`${name}, ${form}, in sink`)
    }
    const around = Buffer.from(`??${value}!!`).toString("base64")
    expect(findSecrets([{ name, value }], new Map([["sink", around]]))).not.toEqual([])
  }
  expect(findSecrets(secrets, new Map([["sink", "nothing of the kind"]]))).toEqual([])
})

describeWith(["models", "docker"], "Secrets planted in a real container, and the whole daemon", () => {
  const home = mkdtempSync(join(tmpdir(), "jp-"))
  const door = mkdtempSync(join(tmpdir(), "jp-"))
  const known = environmentSecrets()
  const shaped = shapedSecrets()
  const all: readonly PlantedSecret[] = [...Object.values(known), ...shaped]
  const sinks = new Map<string, Uint8Array | string>()
  let docker: RealDocker
  let daemon: BuiltCommand
  let tap: Tap

  const jett = async (...argv: readonly string[]): Promise<string> => {
    const { out, err } = await new BuiltCommand(door, argv, surroundings(home)).finished
    sinks.set(`jett ${argv.slice(0, 3).join(" ").slice(0, 40)}, out`, out)
    sinks.set(`jett ${argv.slice(0, 3).join(" ").slice(0, 40)}, err`, err)
    return out
  }

  beforeAll(async () => {
    docker = await RealDocker.start()
    const { password, phrase, key, address } = known
    const log = [VISIBLE, ...shaped.map(({ line }) => line), ...logLines(Object.values(known))].join("\n")
    await docker.run("n8n", {
      script: [
        `cat <<'END_OF_LOG'\n${log}\nEND_OF_LOG`,
        // In two writes, as a program with a small buffer does it.
        `printf '%s' "split ${phrase.value.slice(0, 12)}"; sleep 1; echo "${phrase.value.slice(12)}"`,
        "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
      ].join("\n"),
      health: `echo "$DB_PASSWORD"; true`,
      options: [
        ...["--env", `DB_PASSWORD=${password.value}`, "--env", `BACKUP_PASSPHRASE=${phrase.value}`],
        ...["--env", `N8N_ENCRYPTION_KEY=${key.value}`],
        ...["--env", `DATABASE_URL=postgres://n8n:${address.value}@db:5432/n8n`],
        ...["--label", `token=${shaped[0]?.value}`, "--label", `password=${password.value}`],
      ],
    })
    configure(home, docker.host)
    const argv = ["serve", "--set", "audio.backend=null"]
    daemon = new BuiltCommand(home, argv, surroundings(home))
    await eventually("the daemon is ready", () => daemon.err.includes("ready:"), 60_000)
    tap = await tapSocket(join(door, "jett"), join(home, "jett", "control.sock"))
  })
  afterAll(async () => {
    daemon?.child.kill("SIGKILL")
    tap?.server.close()
    await docker?.stop()
    for (const folder of [home, door]) rmSync(folder, { recursive: true, force: true })
  })

  test("are found in none of its sinks, where what may be seen is found", async () => {
    const logs = await jett("tools", "call", "container_logs", `{"container":"n8n"}`, "--json")
    expect(logs).toContain(VISIBLE)
    for (const tool of ["container_logs", "container_status", "container_stats"])
      await jett("tools", "call", tool, `{"container":"n8n"}`)
    await jett("tools", "call", "list_containers", "{}", "--json")
    await restart(tap.socketPath)
    // Those that are known by now, or look like one, are taken out of what a caller writes as well. A short password
    // that a log line alone gave away is a word like any other there.
    const recognised = all.filter(
      ({ value }) => value.length > 20 || Object.values(known).some((it) => it.value === value),
    )
    await askAbout(tap.socketPath, recognised)
    await jett("ask", "show me the logs of n8n")
    await jett("ask", "is n8n running")
    for (const verb of ["audit tail", "audit export", "status", "ps", "tools ls", "doctor"])
      await jett(...verb.split(" "))
    for (const [path, bytes] of filesBelow(join(home, "state"))) sinks.set(`${path}, while it runs`, bytes)
    daemon.child.kill("SIGTERM")
    await daemon.finished
    for (const [path, bytes] of filesBelow(home)) sinks.set(path, bytes)
    sinks.set("the daemon's out", daemon.out)
    sinks.set("the daemon's err", daemon.err)
    sinks.set("the control socket", tap.fromDaemon())

    expect(findSecrets(all, sinks)).toEqual([])
    // Every command went through the daemon: nobody else opened the log.
    const log = readLog(join(home, "state", "jett", "audit", "audit.db"))
    expect([...log.all()].filter(({ kind }) => kind === "opened")).toHaveLength(1)
    log.close()
    // The sinks are the right ones: what belongs there is there.
    const has = (sink: string, text: string) => Buffer.from(sinks.get(sink) ?? "").includes(text)
    expect(has("the control socket", VISIBLE)).toBe(true)
    const id = await docker.inspect("n8n", "Id")
    const inLog = [...sinks.keys()].filter((sink) => /audit\.db(-wal)?/.test(sink) && has(sink, id))
    expect(inLog.length).toBeGreaterThan(0)
    expect([...sinks.keys()]).toContain("state/jett/audit/audit.db")
    expect([...sinks.keys()].some((sink) => sink.startsWith("jett/audit/audit.db-wal, while"))).toBe(true)
  })
})

test("Secrets in what an engine says are in nothing that a command without a daemon writes", async () => {
  const home = temporaryDirectory()
  const engine = await fakeDocker()
  const known = Object.values(environmentSecrets())
  const shaped = shapedSecrets()
  const all: readonly PlantedSecret[] = [...known, ...shaped]
  const everything = all.map(({ value }) => value).join(" ")
  const log = `${logLines(known).join("\n")}\n${shaped.map(({ line }) => line).join("\n")}\n${VISIBLE}\n`
  const web = engine.state.add("n8n", {
    env: known.map(({ value }, i) => `SECRET_${i}=${value}`),
    labels: { note: everything },
    image: `registry/${shaped[0]?.value}:latest`,
    // In frames that begin and end anywhere.
    log: Array.from({ length: Math.ceil(log.length / 13) }, (_, i) => log.slice(i * 13, (i + 1) * 13)),
  })
  configure(home, engine.host)
  const sinks = new Map<string, Uint8Array | string>()
  const call = async (tool: string, note: string): Promise<string> => {
    const argv = ["tools", "call", tool, `{"container":"n8n"}`, "--json", "--set", "docker.timeout_ms=1000"]
    const { out, err } = await new BuiltCommand(home, argv, surroundings(home)).finished
    sinks.set(`${tool}, ${note}, out`, out)
    sinks.set(`${tool}, ${note}, err`, err)
    return out
  }
  expect(await call("container_logs", "a log")).toContain(VISIBLE)
  expect(await call("container_status", "a status")).toContain("running")
  for (const [note, fault] of [
    ["an error", { type: "status", status: 500, message: everything }],
    ["a conflict", { type: "status", status: 409, message: everything }],
    ["not found", { type: "status", status: 404, message: `No such container: ${everything}` }],
    ["garbage", { type: "answer", body: everything }],
    ["another place", { type: "redirect", location: `http://x/${encodeURIComponent(everything)}` }],
    ["a wrong answer", { type: "answer", body: JSON.stringify({ Id: everything, Name: everything }) }],
  ] as const) {
    const heal = engine.fail(fault, { path: /\/containers\// })
    await call("container_status", note)
    heal()
  }
  web.name = `n8n-${shaped[0]?.value}`
  await call("container_status", "another name")
  for (const [path, bytes] of filesBelow(home)) sinks.set(path, bytes)
  expect(findSecrets(all, sinks)).toEqual([])
  const database = sinks.get("state/jett/audit/audit.db")
  expect(database !== undefined && Buffer.from(database).includes(web.id)).toBe(true)
})

interface Tap {
  readonly server: Server
  readonly socketPath: string
  fromDaemon(): Buffer
}

/** A socket of the same name elsewhere, that keeps all that the daemon says. */
const tapSocket = async (folder: string, to: string): Promise<Tap> => {
  mkdirSync(folder, { mode: 0o700 })
  const socketPath = join(folder, "control.sock")
  const said: Buffer[] = []
  const server = createServer((client) => {
    const upstream = dial(to)
    upstream.on("data", (bytes) => void said.push(bytes))
    upstream.on("error", () => client.destroy())
    client.on("error", () => upstream.destroy())
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return { server, socketPath, fromDaemon: () => Buffer.concat(said) }
}

/** As a terminal does it: the question is answered with the word that it ends with. */
const restart = async (socketPath: string): Promise<void> => {
  const client = await connectControl(socketPath)
  if (client === undefined) throw new Error("no daemon")
  try {
    const onEvent = (event: Readonly<Record<string, unknown>>): void => {
      const { consentId, question } = event
      const text = /: (\w+)\.$/.exec(String(question))?.[1] ?? ""
      if (event["event"] === "question") void client.request("tool.answer", { consentId, text })
    }
    const call = { name: "restart_container", arguments: { container: "n8n" } }
    const answer = await client.request("tool.call", call, { onEvent })
    expect(answer).toMatchObject({ ok: true, value: { type: "receipt", outcome: "done" } })
  } finally {
    client.close()
  }
}

/** A secret in the place of a container's name. */
const askAbout = async (socketPath: string, secrets: readonly PlantedSecret[]): Promise<void> => {
  const client = await connectControl(socketPath)
  if (client === undefined) throw new Error("no daemon")
  try {
    for (const { value } of secrets) {
      const call = { name: "container_status", arguments: { container: value } }
      expect(await client.request("tool.call", call)).toMatchObject({ ok: true, value: { type: "denied" } })
    }
  } finally {
    client.close()
  }
}
