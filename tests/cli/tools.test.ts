import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { CommandModule } from "../../src/cli/command.ts"
import { run as config } from "../../src/cli/config.ts"
import { run as tools } from "../../src/cli/tools.ts"
import { temporaryDirectory, testContext } from "../support/cli.ts"

const SERVER = `[docker]
host = "unix:///run/docker.sock"

[containers.n8n]
allow = ["status", "logs", "restart"]
aliases = ["automation"]

[containers.postgres]
allow = ["status", "restart", "stop"]
`

interface Given {
  readonly toml?: string
  readonly json?: boolean
  readonly options?: Readonly<Record<string, unknown>>
  readonly run?: CommandModule["run"]
}

const jett = async (
  verb: string,
  args: readonly string[],
  { toml = SERVER, json = false, options = {}, run = tools }: Given = {},
) => {
  const configFile = join(temporaryDirectory(), "config.toml")
  writeFileSync(configFile, toml)
  const { context, written } = testContext(verb, { args, json, options, configFile })
  const exitCode = await run(context)
  return { exitCode, out: written.out.replaceAll(configFile, "config.toml"), err: written.err }
}

const lines = (text: string): readonly (readonly string[])[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/ {2,}/))

test("tools ls shows what may be done to each container, at what cost, and how it is said", async () => {
  const { exitCode, out, err } = await jett("tools ls", [])
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" })
  const [heading, n8n, postgres, ...rest] = lines(out)
  expect(heading).toEqual(["container", "freely", "with a spoken word", "with the PIN", "said as"])
  expect(n8n?.slice(0, 4)).toEqual(["n8n", "status, logs", "restart", "-"])
  expect(n8n?.[4]).toMatch(/^n eight n, automation, /)
  expect(postgres?.slice(0, 4)).toEqual(["postgres", "status", "-", "restart, stop"])
  expect(rest).toEqual([])
})

const EVERYTHING = `[containers.grafana]\nallow = [ "status", "logs", "stats", "start", "restart", "stop" ]\n`

test.each([
  ["a few actions", SERVER],
  ["all actions", SERVER + EVERYTHING],
])(
  "the table of tools ls fits a line with %s, and tells how many names it leaves out",
  async (_title, toml) => {
    const { out } = await jett("tools ls", [], { toml })
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100)
    const [, shown = "", more] = / (n eight n.*), and (\d+) more$/m.exec(out) ?? []
    const { aliases } = JSON.parse((await jett("tools ls", [], { toml, json: true })).out).containers[0]
    const names = ["n eight n", ...aliases]
    const count = names.length - Number(more)
    expect(shown).toBe(names.slice(0, count).join(", "))
    expect(count).toBeGreaterThan(0)
  },
)

test("tools ls gives the table as JSON", async () => {
  const { out } = await jett("tools ls", [], { json: true })
  expect(JSON.parse(out)).toMatchObject({
    containers: [
      {
        name: "n8n",
        database: false,
        graceSeconds: 10,
        actions: [{ action: "status", tier: "read" }, {}, {}],
      },
      {
        name: "postgres",
        database: true,
        graceSeconds: 60,
        actions: [{}, { action: "restart", tier: "danger" }, { action: "stop", tier: "danger" }],
      },
    ],
  })
})

test("without a container, and without an engine, tools ls says so", async () => {
  expect(await jett("tools ls", [], { toml: "" })).toMatchObject({
    exitCode: 0,
    out: "",
    err: expect.stringContaining("no container is configured"),
  })
  expect((await jett("tools ls", [], { toml: "[containers.n8n]" })).err).toContain("docker.host is not set")
})

test.each([
  ["n8n", "logs", "read", "none", "it changes nothing"],
  ["n8n", "restart", "change", "word", "it changes a container that is no database"],
  ["postgres", "restart", "danger", "pin", "it changes a database"],
  ["postgres", "stop", "danger", "pin", "it changes a database"],
] as const)(
  "tools explain says why %s %s is allowed",
  async (container, action, tier, confirmation, cost) => {
    const { exitCode, out } = await jett("tools explain", [container, action], { json: true })
    expect(exitCode).toBe(0)
    const line = container === "n8n" ? 5 : 9
    expect(JSON.parse(out)).toEqual({
      container,
      action,
      allowed: true,
      tier,
      confirmation,
      why: `${action} is in containers.${container}.allow (config.toml:${line}), and ${cost}`,
    })
  },
)

test.each([
  [
    "n8n",
    "stop",
    "not-permitted",
    "stop is not in containers.n8n.allow (config.toml:5), which has status, logs, restart",
  ],
  [
    "n8",
    "logs",
    "unknown-container",
    '"n8" is not in the table, and names are compared exactly; did you mean n8n?',
  ],
  [
    "N8N",
    "logs",
    "unknown-container",
    '"N8N" is not in the table, and names are compared exactly; did you mean n8n?',
  ],
  ["n8n/../postgres", "stop", "unknown-container", expect.stringContaining("is not in the table")],
  ["constructor", "logs", "unknown-container", expect.stringContaining("is not in the table")],
  ["__proto__", "logs", "unknown-container", expect.stringContaining("is not in the table")],
  ["n8n", "kill", "unknown-tool", '"kill" is no action; there are status, logs, stats, start, restart, stop'],
  ["n8n", "RESTART", "unknown-tool", expect.stringContaining("is no action")],
  ["n8n", "toString", "unknown-tool", expect.stringContaining("is no action")],
])("tools explain says why %s %s is refused, with exit code 4", async (container, action, code, why) => {
  const { exitCode, out } = await jett("tools explain", [container, action], { json: true })
  expect(exitCode).toBe(4)
  expect(JSON.parse(out)).toEqual({ container, action, allowed: false, code, why })
})

test("tools explain is a few lines to read", async () => {
  expect((await jett("tools explain", ["n8n", "restart"])).out).toBe(
    `${[
      "call          restart n8n",
      "verdict       allowed",
      "tier          change",
      "confirmation  Jett asks back, and waits for a word that it says last",
      "why           restart is in containers.n8n.allow (config.toml:5), and it changes a container that is no database",
      "said as       n eight n, automation, n a n, nan, nat n, innate end, innate n, innate in, and eight n, and ate in, and aid in, and ape in, and a n",
    ].join("\n")}\n`,
  )
  const { out } = await jett("tools explain", ["\u001B[31mevil", "stop"])
  expect(out).not.toContain("\u001B")
  expect(out).toContain("refused: unknown-container")
})

test("a wrong table fails as a bad configuration", async () => {
  await expect(jett("tools ls", [], { toml: "[containers.db]" })).rejects.toMatchObject({
    _tag: "ConfigError",
  })
})

test("config show prints the containers, with origins if asked, as TOML that is read again", async () => {
  const toml = `${SERVER}[containers."my.app"]\nstop_grace_s = 5\n`
  const shown = await jett("config show", [], { toml, run: config, options: { origin: true } })
  expect(shown.out).toContain('[containers.n8n]\nallow = [ "status", "logs", "restart" ]  # config.toml:5\n')
  expect(shown.out).toContain('[containers."my.app"]\nallow = [ "status" ]  # default\n')
  const again = await jett("config show", [], { toml: shown.out, run: config, json: true })
  const first = await jett("config show", [], { toml, run: config, json: true })
  expect(JSON.parse(again.out)).toEqual(JSON.parse(first.out))
  const origins = await jett("config show", [], { toml, run: config, json: true, options: { origin: true } })
  expect(JSON.parse(origins.out)).toMatchObject({
    "containers.n8n.aliases": { value: ["automation"], from: "file", at: "config.toml:6" },
    "containers.n8n.database": { value: null, from: "default" },
    "docker.stop_grace_s": { value: 10, from: "default" },
  })
})
