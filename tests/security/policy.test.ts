import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CONTAINER_ACTIONS } from "../../src/security/container-actions.ts"
import type { ContainerEntry } from "../../src/security/policy/container-entry.ts"
import { buildPolicy, type Policy } from "../../src/security/policy.ts"
import { policyOf, serverPolicy } from "../support/server-containers.ts"

const problemsOf = (...entries: readonly (Partial<ContainerEntry> & { readonly name: string })[]) => {
  const built = buildPolicy(entries.map((entry) => ({ allow: ["status"], ...entry })))
  return built.ok ? [] : built.problems.map(({ message }) => message)
}

/** The decisions of a whole table, to compare. */
const decisionsOf = (policy: Policy): string =>
  JSON.stringify(
    policy.containers.map(({ name }) => [
      name,
      CONTAINER_ACTIONS.map((action) => policy.tierOf(name, action)),
    ]),
  )

describe("tiers", () => {
  test("reading is free, a change takes a word, stopping and any change of a database the PIN", () => {
    const all = [...CONTAINER_ACTIONS]
    const policy = policyOf([
      { name: "web", allow: all, database: false },
      { name: "store", allow: all, database: true },
    ])
    const tiers = (name: string) => CONTAINER_ACTIONS.map((action) => policy.tierOf(name, action))
    expect(CONTAINER_ACTIONS).toEqual(["status", "logs", "stats", "start", "restart", "stop"])
    expect(tiers("web")).toEqual(["read", "read", "read", "change", "change", "danger"])
    expect(tiers("store")).toEqual(["read", "read", "read", "danger", "danger", "danger"])
  })

  test("an action that the row does not have has no tier", () => {
    const policy = policyOf([{ name: "web", allow: ["logs", "restart"] }])
    expect(policy.row("web")?.actions).toEqual(["logs", "restart"])
    for (const action of ["status", "stats", "start", "stop"])
      expect(policy.tierOf("web", action)).toBeUndefined()
  })

  test("without containers nothing is allowed", () => {
    expect(policyOf([]).containers).toEqual([])
    expect(policyOf([]).tierOf("n8n", "status")).toBeUndefined()
  })

  test("what has the name of a database is one unless the configuration says otherwise", () => {
    const isDatabase = (name: string, database?: boolean) =>
      policyOf([{ name, allow: ["start"], database }]).row(name)?.database
    for (const name of ["postgres", "n8n-postgres", "my-db", "mariadb-1", "redis", "app_db", "MongoStore"])
      expect([name, isDatabase(name)]).toEqual([name, true])
    for (const name of ["n8n", "portainer", "dbus-proxy", "feedback", "handbook"])
      expect([name, isDatabase(name)]).toEqual([name, false])
    expect(isDatabase("postgres-exporter", false)).toBe(false)
    expect(isDatabase("ledger", true)).toBe(true)
  })

  test("a database has 60 s to stop, others what is configured for all, and its own figure wins", () => {
    const built = buildPolicy(
      [
        { name: "web", allow: [] },
        { name: "postgres", allow: [] },
        { name: "redis", allow: [], stopGraceS: 5 },
      ],
      { stopGraceS: 12 },
    )
    if (!built.ok) throw new Error("no policy")
    expect(built.policy.containers.map(({ graceSeconds }) => graceSeconds)).toEqual([12, 60, 5])
  })
})

describe("a lookup is exact", () => {
  const strangers = [
    ...[
      "n8n2",
      "n8n-postgres",
      "xn8n",
      "N8N",
      "n8n ",
      " n8n",
      "n8n\n",
      "\uFF4E8n",
      "\u043F8n",
      "n8n\u200B",
      "\u202En8n",
    ],
    ...["n8\u006E\u0303", "n8n/../portainer", "/n8n", "n8n?t=1", "", ".", "*", "a".repeat(10_000)],
    ...["constructor", "__proto__", "toString", "hasOwnProperty", "0", "length", "valueOf"],
  ]
  test.each(strangers)("%j is no container of the table", (name) => {
    expect(serverPolicy.row(name)).toBeUndefined()
    for (const action of CONTAINER_ACTIONS) expect(serverPolicy.tierOf(name, action)).toBeUndefined()
  })

  test.each([
    "exec",
    "kill",
    "rm",
    "update",
    "RESTART",
    "restart ",
    "restart;rm",
    "",
    "0",
    "length",
    ...strangers,
  ])("%j is no action", (action) => {
    expect(serverPolicy.tierOf("n8n", action)).toBeUndefined()
  })

  test("what only turns into a name, such as an array, is none", () => {
    const { row, tierOf } = serverPolicy
    for (const value of [["n8n"], { toString: () => "n8n" }, new String("n8n"), null, 8, undefined, true]) {
      expect(Reflect.apply(row, undefined, [value])).toBeUndefined()
      expect(Reflect.apply(tierOf, undefined, [value, "status"])).toBeUndefined()
      expect(Reflect.apply(tierOf, undefined, ["n8n", value])).toBeUndefined()
    }
  })

  test("no text but the names themselves finds a row", () => {
    const names: ReadonlySet<string> = new Set(serverPolicy.containers.map(({ name }) => name))
    const nearMiss = fc
      .tuple(fc.constantFrom(...names), fc.nat(10), fc.string({ unit: "grapheme", maxLength: 3 }))
      .map(([name, at, text]) => name.slice(0, at) + text + name.slice(at))
    fc.assert(
      fc.property(fc.oneof(nearMiss, fc.string(), fc.string({ unit: "binary" })), (name) => {
        expect(serverPolicy.row(name)?.name).toBe(names.has(name) ? name : undefined)
      }),
      { numRuns: 5000 },
    )
  })
})

describe("nothing of the table can be changed", () => {
  /** Every object that can be reached from the policy. */
  const reachable = (value: unknown, found = new Set<object>()): ReadonlySet<object> => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || found.has(value))
      return found
    found.add(value)
    for (const key of Reflect.ownKeys(value)) reachable(Reflect.get(value, key), found)
    return found
  }

  test("no object that it leads to takes a write, and none is a collection that freezing does not hold", () => {
    const objects = [...reachable(serverPolicy)].filter(
      (object) => typeof object !== "function" || Object.isFrozen(object),
    )
    expect(objects.length).toBeGreaterThan(15)
    for (const object of objects) {
      expect(Object.isFrozen(object)).toBe(true)
      expect(object instanceof Map || object instanceof Set || ArrayBuffer.isView(object)).toBe(false)
    }
  })

  test("attempts to grow an allowlist throw, and change no decision", () => {
    const before = decisionsOf(serverPolicy)
    const row = serverPolicy.row("portainer")
    const attempts: readonly (() => unknown)[] = [
      () => Reflect.apply(Array.prototype.push, row?.actions, ["stop"]),
      () =>
        Reflect.apply(Array.prototype.push, serverPolicy.containers, [{ name: "evil", actions: ["stop"] }]),
      () => Reflect.apply(Array.prototype.splice, serverPolicy.containers, [0, 1]),
      () => Reflect.apply(Array.prototype.reverse, serverPolicy.row("n8n")?.actions, []),
      () => Object.assign(row ?? {}, { actions: ["stop"] }),
      () => Object.assign(serverPolicy, { tierOf: () => "read" }),
      () => Object.defineProperty(row ?? {}, "database", { value: true }),
      () => Object.setPrototypeOf(row ?? {}, { actions: ["stop"] }),
    ]
    for (const attempt of attempts) expect(attempt).toThrow(TypeError)
    expect(decisionsOf(serverPolicy)).toBe(before)
  })

  test("the configuration it was made of may change afterwards without effect", () => {
    const allow = ["status"]
    const aliases = ["the page"]
    const entry = { name: "web", allow, aliases, database: false }
    const entries = [entry]
    const policy = policyOf(entries)
    const before = decisionsOf(policy)
    allow.push("stop")
    aliases.push("everything")
    entry.name = "other"
    entry.database = true
    entries.push({ ...entry, name: "evil" })
    expect(decisionsOf(policy)).toBe(before)
    expect(policy.row("web")?.aliases).toEqual(["the page"])
  })

  test("a polluted prototype adds neither container nor action", () => {
    const polluted: readonly (readonly [object, string, unknown])[] = [
      [Object.prototype, "evil", { name: "evil", actions: ["stop"], database: false }],
      [Object.prototype, "4", { name: "evil", actions: ["stop"], database: false }],
      [Array.prototype, "4", { name: "evil", actions: ["stop"], database: false }],
      [Array.prototype, "1", "stop"],
      [Object.prototype, "database", false],
      [Object.prototype, "name", "evil"],
    ]
    const before = decisionsOf(serverPolicy)
    for (const [prototype, key, value] of polluted) {
      Object.defineProperty(prototype, key, { value, configurable: true, writable: true, enumerable: false })
      try {
        expect(serverPolicy.row("evil")).toBeUndefined()
        expect(serverPolicy.tierOf("evil", "stop")).toBeUndefined()
        expect(serverPolicy.tierOf("portainer", "stop")).toBeUndefined()
        expect(decisionsOf(serverPolicy)).toBe(before)
      } finally {
        Reflect.deleteProperty(prototype, key)
      }
    }
  })

  test("array methods that somebody replaced do not decide", () => {
    const before = decisionsOf(serverPolicy)
    const { find, includes, some } = Array.prototype
    try {
      Object.assign(Array.prototype, {
        find: () => ({ name: "evil", actions: ["stop"] }),
        includes: () => true,
        some: () => true,
      })
      expect(serverPolicy.row("evil")).toBeUndefined()
      expect(serverPolicy.tierOf("portainer", "stop")).toBeUndefined()
    } finally {
      Object.assign(Array.prototype, { find, includes, some })
    }
    expect(decisionsOf(serverPolicy)).toBe(before)
  })
})

describe("a table is refused where", () => {
  test("a name is none", () => {
    expect(problemsOf({ name: "n8n/../portainer" })[0]).toMatch(
      /^"n8n\/\.\.\/portainer" is no container's name/,
    )
    expect(problemsOf({ name: "db" })[0]).toMatch(/^"db" has only hexadecimal digits/)
  })

  test("two names differ in capitals alone", () => {
    expect(problemsOf({ name: "n8n" }, { name: "N8N" })).toEqual([
      "the containers n8n and N8N have one name but for capitals; expected names that differ. Fix: rename one",
    ])
    expect(problemsOf({ name: "web" }, { name: "web" })).toHaveLength(1)
  })

  test.each(["kill", "exec", "RESTART", "restart ", "constructor", "__proto__", ""])(
    "%j is to be allowed",
    (action) => {
      expect(problemsOf({ name: "n8n", allow: ["status", action] })).toEqual([
        `${JSON.stringify(action)} is no action; expected some of status, logs, stats, start, restart, stop`,
      ])
    },
  )

  test("an alias or a spoken name belongs to another container too", () => {
    const taken = /is also how \S+ is called; expected words for one container alone/
    expect(
      problemsOf({ name: "web", aliases: ["the page"] }, { name: "api", aliases: ["The page!".slice(0, 8)] }),
    ).toEqual([expect.stringMatching(taken)])
    expect(problemsOf({ name: "web", aliases: ["my app"] }, { name: "my_app" })).toEqual([
      expect.stringMatching(taken),
    ])
    expect(problemsOf({ name: "my_app" }, { name: "web", spoken: "my app" })).toEqual([
      expect.stringMatching(taken),
    ])
    expect(problemsOf({ name: "web-1", aliases: [] }, { name: "api", aliases: ["web one"] })).toHaveLength(1)
  })

  test.each(["restart n8n", "stop", "the logs", "yes", "no", "container", "main container"])(
    "the alias %j has a word of a command in it",
    (alias) => {
      expect(problemsOf({ name: "n8n", aliases: [alias] })[0]).toMatch(/of a command in it/)
    },
  )

  test.each(["", " ", "n8n\u202E", "\u043F8n", "n8n\n", "a; b", "one two three four five six seven"])(
    "the alias %j cannot be said",
    (alias) => {
      expect(problemsOf({ name: "n8n", aliases: [alias] })).toHaveLength(1)
    },
  )

  test("several things are wrong: all are told", () => {
    expect(problemsOf({ name: "db", allow: ["kill"], aliases: ["stop"] }, { name: "DB" })).toHaveLength(4)
  })
})

describe("aliases", () => {
  test("a well-known container has those of its name without being told", () => {
    expect(serverPolicy.row("n8n")).toMatchObject({ spoken: "n eight n" })
    expect(serverPolicy.row("n8n")?.aliases).toContain("and ate in")
    expect(serverPolicy.row("qdrant")).toMatchObject({ spoken: "quadrant" })
  })

  test("a well-known alias gives way to the container that the configuration gives it to", () => {
    const policy = policyOf([
      { name: "n8n", allow: [] },
      { name: "home", allow: [], aliases: ["nan"] },
    ])
    expect(policy.row("home")?.aliases).toEqual(["nan"])
    expect(policy.row("n8n")?.aliases).not.toContain("nan")
  })

  test("the configuration's come first, each once, and a name that is set aside stays an alias", () => {
    const row = policyOf([
      { name: "qdrant", allow: [], aliases: ["vectors", "Vectors", "qdrant"], spoken: "cue drant" },
    ]).row("qdrant")
    expect(row?.spoken).toBe("cue drant")
    expect(row?.aliases).toEqual(["vectors", "quadrant", "quadrants", "q drant"])
  })
})
