import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { asyncProperty, constantFrom, assert as fcAssert, string, tuple } from "fast-check"
import { afterEach, describe, expect, test, vi } from "vitest"
import type { Containers } from "../../../src/ports/containers.ts"
import { containerNameProblem } from "../../../src/security/container-name.ts"
import { type DockerEngineOptions, makeDockerEngine } from "../../../src/tools/containers/docker-engine.ts"
import { type FakeDocker, fakeDocker } from "../../support/fake-docker.ts"
import type { FakeFault } from "../../support/fake-docker-fault.ts"
import { logFrame } from "../../support/fake-docker-state.ts"
import { eventually } from "../../support/processes.ts"

const engineAt = (docker: FakeDocker, options: Partial<DockerEngineOptions> = {}): Containers =>
  makeDockerEngine({
    host: { type: "unix", path: docker.socketPath },
    apiVersion: "1.44",
    onSecret: () => {},
    answerMs: 300,
    ...options,
  })

/** The value, or the reason of the failure. */
const outcome = <A>(effect: Effect.Effect<A, { readonly reason: string; readonly message: string }>) =>
  Effect.runPromise(
    Effect.matchEffect(effect, {
      onSuccess: (value) => Effect.succeed<A | string>(value),
      onFailure: ({ reason }) => Effect.succeed<A | string>(reason),
    }),
  )

/** What means something to a path, a query, a header, a shell or an eye. */
const NASTY = [
  ..."/%.?#&=\\ \r\n\t\0*~:@;a8F-_",
  "%2f",
  "..",
  "\u200b",
  "\u202e",
  "\uff4e",
  "e\u0301",
  "\u212a",
]

const everyCall = (engine: Containers, name: string): readonly Promise<unknown>[] => [
  outcome(engine.inspect(name)),
  outcome(engine.start(name)),
  outcome(engine.stop(name, 1)),
  outcome(engine.restart(name, 1)),
  outcome(engine.logs(name, { tail: 5, maxBytes: 100 })),
  outcome(engine.stats(name)),
  outcome(engine.list([name])),
]

afterEach(() => {
  vi.unstubAllEnvs()
})

test("Each call is one of seven requests, with the name as it is.", async () => {
  const docker = await fakeDocker()
  docker.state.add("n8n", { log: ["hello\n"] })
  const engine = engineAt(docker)
  for (const call of everyCall(engine, "n8n")) await call
  expect(new Set(docker.requests.map(({ method, target }) => `${method} ${target}`))).toEqual(
    new Set([
      "GET /v1.44/containers/n8n/json",
      "POST /v1.44/containers/n8n/start",
      "POST /v1.44/containers/n8n/stop?t=1",
      "POST /v1.44/containers/n8n/restart?t=1",
      "GET /v1.44/containers/n8n/logs?stdout=true&stderr=true&follow=false&tail=5",
      "GET /v1.44/containers/n8n/stats?stream=false",
    ]),
  )
  for (const { body, headers } of docker.requests) {
    expect(body).toBe("")
    expect(Object.keys(headers).toSorted()).toEqual(expect.not.arrayContaining(["x-registry-auth"]))
  }
})

describe("A name that is no plain name is refused before there is a connection", () => {
  const names = [
    ...[
      "n8n/../portainer",
      "n8n%2F..%2Fportainer",
      "n8n%252f",
      "n8n?t=-1&",
      "n8n/exec#",
      "/n8n",
      "//n8n",
      "n8n/",
    ],
    ...["", ".", "..", "*", "n8n\r\nHost: x", "n8n\0", "n".repeat(10_000), "n8n ", "n8n\n", " n8n"],
    ...[
      "../images/prune",
      "n8n/kill?signal=KILL&x=",
      "ｎ8n",
      "n8n\u200b",
      "\u202en8n",
      "\u212a8n",
      "db",
      "cafe",
      "ADA",
    ],
    ...["deadbeef", "0123456789ab", "a".repeat(64), "constructor/..", "-rm", "_x", "x"],
  ]
  test.each(names.map((name) => [name]))("%j", async (name) => {
    const docker = await fakeDocker()
    docker.state.add("portainer")
    const answers = await Promise.all(everyCall(engineAt(docker), name))
    expect(answers).toEqual(answers.map(() => "refused"))
    expect(docker.bytes().length).toBe(0)
    expect(docker.connections.made).toBe(0)
  })

  test("whatever it is", async () => {
    const docker = await fakeDocker()
    const engine = engineAt(docker)
    const nasty = tuple(
      constantFrom("n8n", "", "qdrant"),
      string({ unit: constantFrom(...NASTY), maxLength: 12 }),
    ).map(([start, end]) => start + end)
    await fcAssert(
      asyncProperty(nasty, async (name) => {
        if (containerNameProblem(name) === undefined) return
        expect(await outcome(engine.restart(name, 1))).toBe("refused")
        expect(docker.bytes().length).toBe(0)
      }),
      { numRuns: 1_000 },
    )
  })
})

test.each([[-1], [0.5], [Number.NaN], [Number.POSITIVE_INFINITY], [10_000]])(
  "A grace of %d seconds is refused before there is a connection.",
  async (grace) => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    expect(await outcome(engineAt(docker).restart("n8n", grace))).toBe("refused")
    expect(await outcome(engineAt(docker).stop("n8n", grace))).toBe("refused")
    expect(docker.connections.made).toBe(0)
  },
)

describe("Whatever the engine does, a call has an end, and says what it knows", () => {
  const faults: readonly (readonly [string, FakeFault, read: string, change: string])[] = [
    ["hangs after accepting", { type: "hang" }, "timeout", "timeout"],
    ["hangs within its answer", { type: "hang-in-body" }, "timeout", "bad-answer"],
    ["answers too slowly", { type: "drip", bytes: 1, everyMs: 20 }, "timeout", "timeout"],
    // A change that was sent may have been done.
    ["resets the connection", { type: "reset" }, "unreachable", "timeout"],
    ["closes without an answer", { type: "close" }, "unreachable", "timeout"],
    ["speaks another protocol", { type: "garbage" }, "bad-answer", "bad-answer"],
    ["breaks off its answer", { type: "truncated" }, "bad-answer", "done"],
    ["promises more than it sends", { type: "wrong-length", by: 10 }, "bad-answer", "done"],
    ["promises less than it sends", { type: "wrong-length", by: -10 }, "bad-answer", "done"],
    ["answers without an end", { type: "huge", bytes: 64 * 2 ** 20 }, "bad-answer", "bad-answer"],
    ["answers text", { type: "answer", body: "hello" }, "bad-answer", "bad-answer"],
    ["answers an empty object", { type: "answer", body: "{}" }, "bad-answer", "bad-answer"],
    ["answers a list", { type: "answer", body: "[]" }, "bad-answer", "bad-answer"],
    ["answers nothing", { type: "answer", body: "" }, "bad-answer", "bad-answer"],
    ["answers deep nonsense", { type: "answer", body: "[".repeat(1_000_000) }, "bad-answer", "bad-answer"],
    [
      "has too many headers",
      { type: "answer", headers: { x: "y".repeat(100_000) }, body: "" },
      "bad-answer",
      "bad-answer",
    ],
    ["fails", { type: "status", status: 500 }, "server-error", "server-error"],
    ["is in conflict", { type: "status", status: 409 }, "conflict", "conflict"],
    ["knows no such container", { type: "status", status: 404 }, "not-found", "not-found"],
    ["refuses", { type: "status", status: 403 }, "refused", "refused"],
    ["wants a password", { type: "status", status: 401 }, "refused", "refused"],
    ["says a status that is none", { type: "status", status: 999 }, "bad-answer", "bad-answer"],
    ["created something", { type: "status", status: 201 }, "bad-answer", "bad-answer"],
    ["changes the protocol", { type: "status", status: 101 }, "bad-answer", "bad-answer"],
    ["says that nothing changed", { type: "status", status: 304 }, "bad-answer", "unchanged"],
    ["says there is no content", { type: "status", status: 204 }, "bad-answer", "done"],
  ]
  test.each(faults)("It %s.", async (_title, fault, read, change) => {
    const docker = await fakeDocker()
    docker.state.add("n8n", { state: "exited" })
    docker.fail(fault)
    const engine = engineAt(docker)
    expect(await outcome(engine.inspect("n8n"))).toBe(read)
    expect(await outcome(engine.start("n8n"))).toBe(change)
    await eventually("no connection is left", () => docker.connections.open === 0)
  })

  test("No message repeats what the engine wrote.", async () => {
    const docker = await fakeDocker()
    docker.fail({ type: "status", status: 500, message: "password=hunter2" })
    const failure = await Effect.runPromise(Effect.flip(engineAt(docker).inspect("n8n")))
    expect(failure.message).not.toContain("hunter2")
    expect(failure.message).toMatch(/^inspect n8n: .* \(HTTP 500 from unix:\/\//)
  })

  test("An engine that is not there is unreachable.", async () => {
    const docker = await fakeDocker()
    await docker.crash()
    const engine = engineAt(docker)
    expect(await outcome(engine.inspect("n8n"))).toBe("unreachable")
    expect(await outcome(engine.restart("n8n", 1))).toBe("unreachable")
  })

  test("A restart may take as long as the container's grace, and not longer than that and an answer.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    docker.before({ method: "POST" }, () => new Promise((resolve) => setTimeout(resolve, 600)))
    expect(await outcome(engineAt(docker).restart("n8n", 1))).toBe("done")
    docker.fail({ type: "hang" })
    expect(await outcome(engineAt(docker, { answerMs: 100 }).restart("n8n", 0))).toBe("timeout")
  })
})

test.each([
  ["http://127.0.0.1:9/x"],
  ["ftp://nowhere/"],
  ["javascript:0"],
  ["/v1.44/containers/other/restart"],
  ["//other"],
])("A redirect to %s is not followed, and does no harm.", async (location) => {
  const docker = await fakeDocker()
  docker.state.add("n8n")
  docker.state.add("other")
  for (const status of [301, 302, 304, 307, 308]) {
    docker.clear()
    const lift = docker.fail({ type: "redirect", location, status })
    await outcome(engineAt(docker).restart("n8n", 1))
    await outcome(engineAt(docker).inspect("n8n"))
    lift()
    expect(docker.lines()).toEqual(["POST /containers/n8n/restart?t=1", "GET /containers/n8n/json"])
  }
})

test("The environment's own settings of a Docker host count for nothing.", async () => {
  const [docker, elsewhere] = [await fakeDocker(), await fakeDocker()]
  docker.state.add("n8n")
  elsewhere.state.add("n8n")
  for (const host of [elsewhere.host, "tcp://127.0.0.1:9", "nonsense:nonsense"]) {
    vi.stubEnv("DOCKER_HOST", host)
    vi.stubEnv("DOCKER_TLS_VERIFY", "1")
    vi.stubEnv("HTTP_PROXY", "http://127.0.0.1:9")
    expect(await outcome(engineAt(docker).start("n8n"))).toBe("unchanged")
  }
  expect(elsewhere.connections.made).toBe(0)
})

describe("An answer about another container is no answer", () => {
  test.each([["other"], ["n8n2"], ["N8N"], ["/n8n"], ["n8n/x"]])("%s", async (name) => {
    const docker = await fakeDocker()
    const { id } = docker.state.add("n8n")
    const body = JSON.stringify({
      Id: id,
      Name: `/${name}`,
      State: { Status: "running", ExitCode: 0, StartedAt: "" },
      Config: {},
    })
    docker.fail({ type: "answer", body })
    expect(await outcome(engineAt(docker).inspect("n8n"))).toBe("bad-answer")
    expect(await outcome(engineAt(docker).logs("n8n", { tail: 1, maxBytes: 10 }))).toBe("bad-answer")
  })
})

test("Interrupting a call breaks its connection at once.", async () => {
  const docker = await fakeDocker()
  docker.fail({ type: "hang" })
  const fiber = Effect.runFork(engineAt(docker, { answerMs: 60_000 }).restart("n8n", 1))
  await eventually("the request is there", () => docker.requests.length === 1)
  await Effect.runPromise(Fiber.interrupt(fiber))
  await eventually("no connection is left", () => docker.connections.open === 0, 500)
})

test("Secrets of the environment are told at every look, and are not in the answer.", async () => {
  const docker = await fakeDocker()
  docker.state.add("n8n", {
    env: ["PATH=/bin", "DB_PASSWORD=hunter-2", "URL=postgres://u:p%40ss@db/x", "TOKEN_FILE=/run/token"],
  })
  const told: (readonly string[])[] = []
  const engine = engineAt(docker, { onSecret: (values) => void told.push(values) })
  expect(JSON.stringify(await outcome(engine.inspect("n8n")))).not.toMatch(/hunter|p%40ss/)
  await outcome(engine.stats("n8n"))
  expect(told).toEqual([
    ["hunter-2", "p%40ss", "p@ss"],
    ["hunter-2", "p%40ss", "p@ss"],
  ])
})

describe("The version of the API", () => {
  test("is the newest that both speak, asked once.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    const engine = engineAt(docker, { apiVersion: undefined })
    await outcome(engine.inspect("n8n"))
    await outcome(engine.inspect("n8n"))
    expect(docker.requests.map(({ target }) => target)).toEqual([
      "/version",
      "/v1.46/containers/n8n/json",
      "/v1.46/containers/n8n/json",
    ])
  })

  test.each([
    ["1.41", "1.12", "v1.41"],
    ["1.52", "1.44", "v1.51"],
    ["1.40", "1.12", undefined],
    ["1.99", "1.60", undefined],
    ["1.44/../x", "1.12", undefined],
  ])("of an engine that speaks up to %s, from %s, is %s.", async (most, least, expected) => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    docker.fail(
      { type: "answer", body: JSON.stringify({ ApiVersion: most, MinAPIVersion: least }) },
      { path: /^\/version$/ },
    )
    const found = await outcome(engineAt(docker, { apiVersion: undefined }).inspect("n8n"))
    if (expected === undefined) expect(found).toBe("bad-answer")
    else expect(docker.requests.at(-1)?.target).toBe(`/${expected}/containers/n8n/json`)
  })

  test("is asked again of an engine that was away.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    const engine = engineAt(docker, { apiVersion: undefined })
    await outcome(engine.inspect("n8n"))
    await docker.crash()
    await outcome(engine.inspect("n8n"))
    await docker.restart()
    await outcome(engine.inspect("n8n"))
    expect(docker.lines().filter((line) => line === "GET /version")).toHaveLength(2)
  })
})

describe("A log", () => {
  const text = (found: unknown): string =>
    found instanceof Uint8Array ? Buffer.from(found).toString("latin1") : String(found)

  test("comes without frames, both streams in their order.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n", { log: ["one\n", { stream: "stderr", bytes: Buffer.from("two\n") }, "three\n"] })
    expect(text(await outcome(engineAt(docker).logs("n8n", { tail: 2, maxBytes: 100 })))).toBe("two\nthree\n")
  })

  test("of a terminal comes as it is.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n", { tty: true, log: ["\u0001\0\0\0\0\0\0\u0005hello"] })
    expect(text(await outcome(engineAt(docker).logs("n8n", { tail: 2, maxBytes: 100 })))).toBe(
      "\u0001\0\0\0\0\0\0\u0005hello",
    )
  })

  test("of 100 MB gives its end.", async () => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    const piece = logFrame("stdout", Buffer.alloc(2 ** 20, "a line of a log, \n"))
    function* frames(): Iterable<Uint8Array> {
      for (let i = 0; i < 100; i += 1) yield piece
      yield logFrame("stdout", Buffer.from("the end"))
    }
    docker.fail({ type: "answer", body: frames() }, { path: /logs/ })
    const engine = engineAt(docker, { answerMs: 10_000 })
    const found = await outcome(engine.logs("n8n", { tail: 200, maxBytes: 65_536 }))
    expect(text(found)).toHaveLength(65_536)
    expect(text(found)).toMatch(/the end$/)
  })

  test.each([
    ["whose frame is no frame", Buffer.from("just some text, without any frames\n")],
    ["whose frame claims more than there is", Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 65])],
    ["that ends within a header", Buffer.from([1, 0, 0])],
  ])("%s is no answer.", async (_title, body) => {
    const docker = await fakeDocker()
    docker.state.add("n8n")
    docker.fail({ type: "answer", body }, { path: /logs/ })
    expect(await outcome(engineAt(docker).logs("n8n", { tail: 200, maxBytes: 65_536 }))).toBe("bad-answer")
  })
})

test("A list leaves out what is not there, and fails where the engine does.", async () => {
  const docker = await fakeDocker()
  docker.state.add("n8n")
  docker.state.add("qdrant", { state: "exited" })
  const engine = engineAt(docker)
  expect(await outcome(engine.list(["n8n", "gone", "qdrant"]))).toMatchObject([
    { name: "n8n" },
    { name: "qdrant" },
  ])
  docker.fail({ type: "status", status: 500 }, { path: /qdrant/ })
  expect(await outcome(engine.list(["n8n", "gone", "qdrant"]))).toBe("server-error")
})
