import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { configuredEngine } from "../../src/config/configured-engine.ts"
import { configuredPolicy } from "../../src/config/configured-policy.ts"
import { configJsonSchema } from "../../src/config/json-schema.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { configReference } from "../../src/config/reference.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { configProblems, loadToml } from "../support/load-toml.ts"

const SERVER = `
[docker]
host = "unix:///run/proxy.sock"
stop_grace_s = 15

[containers.n8n]
allow = ["status", "restart"]
aliases = ["automation"]
project = "server"

[containers."my.app"]
allow = ["status", "stop", "status"]
database = true
stop_grace_s = 90
`

test("each container is a table of its own, in the order of the file", () => {
  const { config, origins, file, warnings } = loadToml(SERVER)
  expect(config.containers).toEqual([
    {
      name: "n8n",
      allow: ["status", "restart"],
      database: undefined,
      aliases: ["automation"],
      spoken: undefined,
      project: "server",
      service: undefined,
      stopGraceS: undefined,
    },
    {
      name: "my.app",
      allow: ["status", "stop"],
      database: true,
      aliases: [],
      spoken: undefined,
      project: undefined,
      service: undefined,
      stopGraceS: 90,
    },
  ])
  expect(origins.get("containers.n8n.allow")).toEqual({ from: "file", at: `${file}:7` })
  expect(origins.get("containers.my.app.database")).toEqual({ from: "file", at: `${file}:13` })
  expect(origins.has("containers.n8n.service")).toBe(false)
  expect(warnings).toEqual([])
})

test("the frozen table is made of them", () => {
  const policy = configuredPolicy(loadToml(SERVER).config)
  expect(policy.row("n8n")).toMatchObject({
    actions: ["status", "restart"],
    graceSeconds: 15,
    project: "server",
  })
  expect(policy.row("my.app")).toMatchObject({ database: true, graceSeconds: 90 })
  expect(policy.tierOf("n8n", "stop")).toBeUndefined()
})

test("without a table there is no container, and none but its state may be asked for without a word about it", () => {
  expect(loadToml("").config.containers).toEqual([])
  expect(loadToml("[containers]").config.containers).toEqual([])
  expect(loadToml("[containers.web]").config.containers).toMatchObject([{ name: "web", allow: ["status"] }])
})

test("a file changed afterwards changes nothing", () => {
  const file = join(temporaryDirectory(), "config.toml")
  writeFileSync(file, SERVER)
  const policy = configuredPolicy(loadConfig({ env: {}, file }).config)
  writeFileSync(file, SERVER.replace('["status", "restart"]', '["status", "restart", "stop"]'))
  expect(policy.tierOf("n8n", "stop")).toBeUndefined()
})

test("no variable and no flag reaches a container", () => {
  const { config, warnings } = loadToml(SERVER, { env: { JETT_CONTAINERS_N8N_ALLOW: "stop" } })
  expect(config.containers[0]?.allow).toEqual(["status", "restart"])
  expect(warnings).toEqual([
    "JETT_CONTAINERS_N8N_ALLOW is not a setting: [containers.NAME] is read from the file alone.",
  ])
  expect(configProblems(SERVER, { overrides: new Map([["containers.n8n.allow", "stop"]]) })).toEqual([
    "--set containers.n8n.allow: [containers.NAME] is read from the file alone; set it there.",
  ])
})

describe("what is wrong is told with its place, what was expected and the fix", () => {
  test.each([
    ["[containers.n8n]\nalow = []", "config.toml:2: unknown key containers.n8n.alow; did you mean allow?"],
    ["[contaners.n8n]\nallow = []", "config.toml:1: unknown section [contaners]; did you mean [containers]?"],
    [
      '[containers.n8n]\nallow = ["status", "kill"]',
      'config.toml:2: containers.n8n.allow is a list with "kill" (a string) in it; expected a list of "status", "logs", "stats", "start", "restart", "stop". Fix: allow = ["status"]',
    ],
    [
      '[containers.n8n]\nallow = "status"',
      'config.toml:2: containers.n8n.allow is "status" (a string); expected a list of "status", "logs", "stats", "start", "restart", "stop". Fix: allow = ["status"]',
    ],
    [
      "[containers.n8n]\n\ndatabase = 1",
      "config.toml:3: containers.n8n.database is 1 (a number); expected true or false. Fix: leave it out.",
    ],
    [
      "[containers.n8n]\nstop_grace_s = -1",
      "config.toml:2: containers.n8n.stop_grace_s is -1 (a number); expected a whole number from 1 to 600. Fix: leave it out.",
    ],
    [
      "[containers]\nn8n = true",
      "config.toml:2: containers.n8n is true (a boolean); expected a table. Fix: [containers.n8n]",
    ],
    [
      'containers = ["n8n"]',
      "config.toml:1: containers is an array; expected a table [containers.NAME] for each. Fix: write it as one.",
    ],
    [
      '[containers."n8n/../portainer"]',
      "config.toml: [containers.n8n/../portainer]: the name is no container's name; expected at least two of the letters a to z, digits, _, . and -, the first a letter or a digit.",
    ],
    [
      "[containers.cafe]\nallow = []",
      "config.toml:1: [containers.cafe]: the name has only hexadecimal digits, so that the engine may take it for another container's id; rename the container.",
    ],
    [
      "[containers.n8n]\n[containers.N8N]",
      "config.toml:2: containers.N8N: the containers n8n and N8N have one name but for capitals; expected names that differ. Fix: rename one.",
    ],
    [
      '[containers.web]\naliases = ["my page"]\n[containers.api]\nspoken = "my page"',
      'config.toml:4: containers.api.spoken: "my page" is also how web is called; expected words for one container alone. Fix: take it out of one.',
    ],
  ])("%j", (toml, message) => {
    expect(configProblems(toml)).toEqual([message])
  })

  test("names that could reach an object's prototype are refused", () => {
    expect(configProblems("[containers.__proto__]\nallow = []")).toHaveLength(1)
    expect(configProblems("[containers.constructor]\nallow = []")).toHaveLength(1)
    expect(configProblems("[containers.n8n]\ntoString = 1")[0]).toContain(
      "unknown key containers.n8n.toString",
    )
  })
})

describe("the container engine", () => {
  const tls = 'ca = "/etc/jett/ca.pem"\ncert = "/etc/jett/cert.pem"\nkey = "/etc/jett/key.pem"\n'
  const at = (host: string, more = "") => `[docker]\nhost = "${host}"\n${more}\n[containers.n8n]\n`

  test("is contacted only where it is configured", () => {
    expect(loadToml("", { env: { DOCKER_HOST: "tcp://10.0.0.9:2375" } }).config.docker.host).toBeUndefined()
  })

  test.each([
    ["unix:///var/run/docker.sock", ""],
    ["tcp://127.0.0.1:2375", ""],
    ["tcp://localhost:2375", ""],
    ["tcp://[::1]:2375", ""],
    ["tcp://10.0.0.2:2376", tls],
    ["ssh://jett@10.0.0.2", ""],
    ["ssh://jett@server.example:2222", ""],
  ])("%s may be configured", (host, more) => {
    expect(loadToml(at(host, more))).toMatchObject({ config: { docker: { host } }, warnings: [] })
  })

  test.each([
    ...["docker.sock", "unix://docker.sock", "http://127.0.0.1:2375", "tcp://10.0.0.2"],
    ...["tcp://10.0.0.2:99999", "tcp://user@10.0.0.2:2376", "tcp://10.0.0.2:2376/containers"],
    ...[
      "ssh://-oProxyCommand=x@10.0.0.2",
      "ssh://jett@-oProxyCommand=x",

      "ssh://a b@host",
    ],
  ])("%s is no address of one", (host) => {
    expect(configProblems(at(host))).toEqual([expect.stringContaining("expected an address such as")])
  })

  test.each([
    "tcp://10.0.0.2:2375",
    "tcp://127.0.0.1.example:2375",
    "tcp://128.0.0.1:2375",
    "tcp://server:2375",
  ])("%s needs TLS, or an explicit word that it does not", (host) => {
    expect(configProblems(at(host))).toEqual([
      `config.toml:2: docker.host is "${host}", which is not on this machine, without TLS; expected docker.ca, docker.cert and docker.key. Fix: set them, use ssh://, or, inside a tunnel such as WireGuard, set privacy.allow_insecure_docker = true.`,
    ])
    const { warnings } = loadToml(at(host, "[privacy]\nallow_insecure_docker = true\n"))
    expect(warnings).toEqual([expect.stringContaining("privacy.allow_insecure_docker = true")])
  })

  test("is a socket, an address or another machine's, ready to be connected to", () => {
    expect(configuredEngine(loadToml(at("tcp://10.0.0.2:2376", tls)).config)).toMatchObject({
      type: "tcp",
      tls: { ca: "/etc/jett/ca.pem", cert: "/etc/jett/cert.pem", key: "/etc/jett/key.pem" },
    })
    expect(configuredEngine(loadToml(at("ssh://jett@10.0.0.2")).config)).toMatchObject({
      type: "ssh",
      user: "jett",
    })
    expect(configuredEngine(loadToml("").config)).toBeUndefined()
  })

  test("half a certificate, and TLS beside a socket, are errors", () => {
    expect(configProblems(at("tcp://10.0.0.2:2376", 'cert = "/etc/jett/cert.pem"\n'))).toEqual([
      "config.toml:3: docker.cert is set without docker.ca and docker.key; expected all three or none. Fix: set docker.ca and docker.key.",
    ])
    expect(configProblems(at("unix:///run/docker.sock", tls))).toEqual([
      'config.toml:3: docker.ca is set and docker.host is "unix:///run/docker.sock"; expected tcp:// beside it. Fix: take docker.ca, docker.cert and docker.key out, or set docker.host = "tcp://HOST:2376".',
    ])
  })

  test("an engine without containers, and containers without an engine, are warned of", () => {
    expect(loadToml('[docker]\nhost = "unix:///run/docker.sock"').warnings).toEqual([
      expect.stringContaining("docker.host is set, but there is no container"),
    ])
    expect(loadToml("[containers.n8n]").warnings).toEqual([
      expect.stringContaining("no container engine is contacted"),
    ])
  })
})

test("the schema and the reference know what stands in a container's table", () => {
  expect(configJsonSchema()).toMatchObject({
    properties: {
      containers: {
        type: "object",
        additionalProperties: {
          type: "object",
          additionalProperties: false,
          properties: {
            allow: {
              type: "array",
              items: { enum: ["status", "logs", "stats", "start", "restart", "stop"] },
            },
            database: { type: "boolean" },
            aliases: { type: "array", default: [] },
            stop_grace_s: { type: "integer", minimum: 1, maximum: 600 },
          },
        },
      },
    },
  })
  const reference = configReference()
  expect(reference).toContain("## [containers.NAME]")
  for (const key of ["allow", "database", "aliases", "spoken", "project", "service"])
    expect(reference).toContain(`| \`${key}\` |`)
  expect(reference).not.toContain("JETT_CONTAINERS")
})
