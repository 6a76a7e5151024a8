import { expect } from "vitest"
import { buildPolicy } from "../../../src/security/policy.ts"
import { ATTACKED, type AttackRig } from "../../support/attack-rig.ts"
import { type AttackCase, expectRefused, shown } from "./attack-case.ts"

const attack = (what: string, run: (rig: AttackRig) => Promise<void>): AttackCase => ({
  class: "A5",
  what,
  attack: run,
})

/** Whatever was done: what was refused is refused, and what was allowed asks for the very same as before. */
const expectUnchanged = async (rig: AttackRig): Promise<void> => {
  await expectRefused(rig, "restart_container", { container: "portainer" }, "unknown-container")
  await expectRefused(rig, "stop_container", { container: "qdrant" }, "not-permitted")
  await expectRefused(rig, "kill_container", { container: "n8n" }, "unknown-tool")
  await expectRefused(rig, "restart_container", {}, "malformed")
  const before = rig.docker.requests.length
  expect(await rig.result("container_status", { container: "n8n" })).toMatchObject({
    type: "receipt",
    outcome: "done",
  })
  expect(rig.docker.lines().slice(before)).toEqual(["GET /containers/n8n/json", "GET /containers/n8n/json"])
}

const quietly = (change: () => unknown): void => {
  try {
    change()
  } catch {
    // A frozen thing says so.
  }
}

const row = (rig: AttackRig, name = "qdrant") => rig.policy.row(name) ?? {}

const MUTATIONS: readonly (readonly [string, (rig: AttackRig) => unknown])[] = [
  [
    "a row is added to the table",
    (rig) => Reflect.apply(Array.prototype.push, rig.policy.containers, [{ ...row(rig), name: "portainer" }]),
  ],
  [
    "the first row of the table is another one",
    (rig) => Reflect.set(rig.policy.containers, 0, { ...row(rig), name: "portainer" }),
  ],
  ["the table is emptied", (rig) => Reflect.set(rig.policy.containers, "length", 0)],
  ["a row is renamed", (rig) => Reflect.set(row(rig), "name", "portainer")],
  [
    "an action is added to a row",
    (rig) => Reflect.apply(Array.prototype.push, Reflect.get(row(rig), "actions"), ["stop"]),
  ],
  ["the actions of a row are others", (rig) => Reflect.set(row(rig), "actions", ["stop"])],
  ["the database is none", (rig) => Reflect.set(row(rig, "postgres"), "database", false)],
  ["the grace is another one", (rig) => Reflect.set(row(rig, "n8n"), "graceSeconds", -1)],
  ["the table's look-up is another one", (rig) => Reflect.set(rig.policy, "row", () => row(rig, "n8n"))],
  ["the table's tiers are others", (rig) => Reflect.set(rig.policy, "tierOf", () => "read")],
  ["the table has another prototype", (rig) => Reflect.setPrototypeOf(rig.policy, { row: () => row(rig) })],
  ["a property of the table is deleted", (rig) => Reflect.deleteProperty(rig.policy, "row")],
  [
    "a property of a row is defined anew",
    (rig) => Reflect.defineProperty(row(rig), "name", { value: "portainer" }),
  ],
  [
    "an alias is added",
    (rig) => Reflect.apply(Array.prototype.push, Reflect.get(row(rig), "aliases"), ["portainer"]),
  ],
  [
    "what the model is told of is longer",
    (rig) => Reflect.apply(Array.prototype.push, rig.guard.definitions, [{ name: "kill_container" }]),
  ],
  [
    "what the model may name is longer",
    (rig) => {
      for (const { parameters } of rig.guard.definitions) {
        const names = Reflect.get(
          Reflect.get(Reflect.get(parameters, "properties") ?? {}, "container") ?? {},
          "enum",
        )
        if (Array.isArray(names)) quietly(() => names.push("portainer"))
      }
    },
  ],
]

/** Read by somebody who looks a name up in an object that does not have it. */
const POLLUTED: readonly (readonly [string, unknown])[] = [
  ["container", "n8n"],
  ["name", "portainer"],
  ["tool", "kill_container"],
  ["tier", "read"],
  ["allow", ["stop"]],
  ["actions", ["stop"]],
  ["t", -1],
  ["graceSeconds", -1],
  ["follow", true],
  ["tail", "all"],
  ["host", "evil"],
  ["socketPath", "/tmp/evil.sock"],
  ["path", "/containers/portainer/kill"],
  ["method", "DELETE"],
  ["origin", "command-line"],
  ["confident", true],
  ["consented", true],
  ["earlier", { type: "receipt" }],
  ["portainer", { name: "portainer" }],
  ["offered", true],
]

const polluted = async (key: string, value: unknown, run: () => Promise<void>): Promise<void> => {
  Object.defineProperty(Object.prototype, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: false,
  })
  try {
    await run()
  } finally {
    Reflect.deleteProperty(Object.prototype, key)
  }
}

const ENVIRONMENT = [
  ["DOCKER_HOST", "tcp://127.0.0.1:1"],
  ["DOCKER_CERT_PATH", "/nowhere"],
  ["DOCKER_TLS_VERIFY", "1"],
  ["DOCKER_API_VERSION", "1.12"],
  ["DOCKER_CONTEXT", "evil"],
  ["HTTP_PROXY", "http://127.0.0.1:1"],
  ["JETT_GUARD_PER_MINUTE", "1000000"],
] as const

export const mutation: readonly AttackCase[] = [
  ...MUTATIONS.map(([what, change]) =>
    attack(what, async (rig) => {
      quietly(() => change(rig))
      await expectUnchanged(rig)
    }),
  ),
  ...POLLUTED.map(([key, value]) =>
    attack(`every object has ${shown(key)}`, (rig) => polluted(key, value, () => expectUnchanged(rig))),
  ),
  attack("every object has a signal: not even the runtime works then, and nothing is sent", (rig) =>
    polluted("signal", "SIGKILL", async () => {
      for (const container of ["n8n", "portainer"])
        expect(await rig.result("restart_container", { container })).toMatchObject({ type: "denied" })
      expect(rig.docker.changes()).toEqual([])
    }),
  ),
  ...ENVIRONMENT.map(([key, value]) =>
    attack(`the environment has ${key}`, async (rig) => {
      const was = process.env[key]
      process.env[key] = value
      try {
        await expectUnchanged(rig)
      } finally {
        if (was === undefined) Reflect.deleteProperty(process.env, key)
        else process.env[key] = was
      }
    }),
  ),
  attack("the configuration is changed after the start", async (rig) => {
    for (const entry of ATTACKED) quietly(() => Reflect.apply(Array.prototype.push, entry.allow, []))
    await expectUnchanged(rig)
  }),
  attack("the entries that a table was made of are changed afterwards", async (rig) => {
    const allow = ["status"]
    const entries = [{ name: "n8n", allow }]
    const built = buildPolicy(entries)
    allow.push("stop")
    entries.push({ name: "portainer", allow: ["stop"] })
    Reflect.set(entries[0] ?? {}, "name", "portainer")
    if (!built.ok) throw new Error("no table")
    expect(built.policy.tierOf("n8n", "stop")).toBeUndefined()
    expect(built.policy.row("portainer")).toBeUndefined()
    expect(built.policy.containers.map(({ name }) => name)).toEqual(["n8n"])
    await expectUnchanged(rig)
  }),
]
