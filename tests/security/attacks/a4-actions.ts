import { type AttackCase, expectRefused, refusals, shown } from "./attack-case.ts"

const TOOLS: readonly string[] = [
  ...["exec", "kill", "rm", "remove", "update", "pause", "unpause", "rename", "attach", "commit", "prune"],
  ...["restart", "stop", "start", "logs", "status", "stats", "inspect", "create", "export", "archive"],
  ...["exec_container", "kill_container", "remove_container", "update_container", "pause_container"],
  ...["RESTART_CONTAINER", "Restart_Container", "RESTART", "restart_container ", " restart_container"],
  ...["restart_container\n", "restart_container\0", "restart_container;rm", "restart_container()"],
  ...["restart_containers", "restart-container", "restart container", "restart_\u0441ontainer"],
  ...["restart_container\u200b", "containers.restart", "docker.restart", "functions.restart_container"],
  ...["", "*", ".", "__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype"],
  ...["get", "has", "set", "size", "0", "undefined", "null", "confirm", "answer", "pending", "jett_confirm"],
  "a".repeat(10_000),
]

/** Besides the name, nothing: how long it may take, how much is read and whatever else is the table's own. */
const EXTRAS: readonly (readonly [string, unknown])[] = [
  ["t", -1],
  ["t", 0],
  ["t", "86400"],
  ["timeout", 0],
  ["signal", "SIGKILL"],
  ["force", true],
  ["v", 1],
  ["follow", true],
  ["tail", "all"],
  ["tail", 1e9],
  ["since", -1],
  ["until", 0],
  ["stdout", false],
  ["detachKeys", "ctrl-c"],
  ["all", true],
  ["action", "stop"],
  ["name", "portainer"],
  ["Container", "portainer"],
  ["container ", "portainer"],
  ["containers", ["portainer"]],
  ["id", "portainer"],
  ["confirmed", true],
  ["consent", "granted"],
  ["pin", "24681357"],
  ["tier", "read"],
  ["origin", "command-line"],
  ["tainted", false],
  ["dryRun", false],
  ["host", "tcp://evil:2375"],
  ["", ""],
  ["constructor", {}],
  ["toString", "x"],
]

const SHAPES: readonly (readonly [string, () => unknown])[] = [
  ["no arguments", () => ({})],
  ["null", () => null],
  ["undefined", () => undefined],
  ["a text", () => "n8n"],
  ["a number", () => 8],
  ["an array", () => ["n8n"]],
  ["an array with a property", () => Object.assign([], { container: "n8n" })],
  ["a function", () => Object.assign(() => {}, { container: "n8n" })],
  ["a map", () => new Map([["container", "n8n"]])],
  ["an inherited name", () => Object.create({ container: "n8n" })],
  ["own __proto__ alone", () => JSON.parse('{"__proto__": {"container": "n8n"}}')],
  ["own __proto__ besides", () => JSON.parse('{"container": "n8n", "__proto__": {"t": -1}}')],
  ["own constructor besides", () => JSON.parse('{"container": "n8n", "constructor": {"prototype": {}}}')],
  ["a symbol besides", () => ({ container: "n8n", [Symbol("t")]: -1 })],
  ["a hidden property besides", () => Object.defineProperty({ container: "n8n" }, "t", { value: -1 })],
  ["a name of 10 kB besides", () => ({ container: "n8n", ["x".repeat(10_000)]: 1 })],
  ["10,000 more", () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]))],
  ["JSON in the name", () => JSON.stringify({ container: "n8n" })],
  ["a nest of 5,000", () => JSON.parse(`${'{"container":'.repeat(5_000)}1${"}".repeat(5_000)}`)],
  ["a circle", () => circle()],
]

const circle = (): unknown => {
  const args: Record<string, unknown> = {}
  args["container"] = args
  return args
}

const traps = (): unknown =>
  new Proxy({}, { ownKeys: () => ["container", "t"], get: () => "n8n", getOwnPropertyDescriptor: all })
const all = () => ({ value: "n8n", enumerable: true, configurable: true, writable: true })

const changing = (...values: readonly string[]): unknown => {
  let at = 0
  return Object.defineProperty({}, "container", {
    enumerable: true,
    get: () => values[at++] ?? values.at(-1),
  })
}

const throwing = (): unknown =>
  Object.defineProperty({}, "container", {
    enumerable: true,
    get: () => {
      throw new Error("n8n")
    },
  })

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const oddName = (what: string, name: () => unknown): AttackCase => ({
  class: "A4",
  what: `a tool whose name is ${what}`,
  attack: (rig) => expectRefused(rig, name(), { container: "n8n" }, "unknown-tool"),
})

export const actions: readonly AttackCase[] = [
  ...TOOLS.map(
    (tool): AttackCase => ({
      class: "A4",
      what: `the tool ${shown(tool)}`,
      attack: (rig) => expectRefused(rig, tool, { container: "n8n" }, "unknown-tool"),
    }),
  ),
  ...refusals(
    "A4",
    "malformed",
    ["restart_container"],
    EXTRAS.map(([key, value]) => [
      `n8n with ${shown(key)}: ${shown(JSON.stringify(value))}`,
      () => ({ container: "n8n", [key]: value }),
    ]),
  ),
  ...refusals("A4", "malformed", ["container_logs"], SHAPES),
  ...refusals(
    "A4",
    "malformed",
    ["list_containers"],
    [
      ["a container", () => ({ container: "portainer" })],
      ["all", () => ({ all: true })],
      ["a filter", () => ({ filters: '{"name":["portainer"]}' })],
    ],
  ),
  ...refusals("A4", "malformed", ["restart_container"], [["a proxy with more keys", traps]]),
  ...refusals(
    "A4",
    "unknown-container",
    ["restart_container"],
    [
      ["a name that changes after the first look", () => changing("n8n", "portainer")],
      ["a name that is never the table's", () => changing("portainer", "watchtower")],
    ],
  ),
  ...refusals(
    "A4",
    "internal",
    ["restart_container", "container_logs"],
    [
      ["a getter that throws", throwing],
      ["a proxy that was revoked", revoked],
    ],
  ),
  ...refusals("A4", "not-permitted", ["stop_container"], [["qdrant", () => ({ container: "qdrant" })]]),
  ...refusals(
    "A4",
    "not-permitted",
    ["stop_container", "start_container", "container_logs", "container_stats"],
    [["home-assistant", () => ({ container: "home-assistant" })]],
  ),
  ...refusals(
    "A4",
    "not-permitted",
    ["start_container", "container_stats"],
    [["postgres", () => ({ container: "postgres" })]],
  ),
  oddName("a number", () => 7),
  oddName("an array", () => ["restart_container"]),
  oddName("an object that says it", () => ({ toString: () => "restart_container" })),
  oddName("an object that cannot be said", () => Object.create(null)),
  oddName("a symbol", () => Symbol("restart_container")),
  oddName("null", () => null),
]
