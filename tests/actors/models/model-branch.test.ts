import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { expect, it } from "vitest"
import { type HostsOptions, hostsOf, modelBranch } from "../../../src/actors/models/model-branch.ts"
import { monotonicClock } from "../../../src/audio/monotonic-clock.ts"
import { loadConfig } from "../../../src/config/load-config.ts"

const branchOf = (hosts: HostsOptions = {}) =>
  modelBranch({
    residency: { readings: { source: "none", take: Effect.succeed(undefined), watch: Stream.empty } },
    clock: monotonicClock,
    // No process is started in these tests; one that is would end at once.
    hosts: { ...hosts, entry: "/nonexistent/host.js" },
  })

it("says that the hosts are away while their supervisor is, before its start and after its end", async () => {
  const { child, hosts, residency } = branchOf()
  const away = async () => {
    expect(hosts.children()).toEqual([])
    expect(residency.snapshot()).toBeUndefined()
    expect(await Effect.runPromise(Effect.flip(hosts.handle("tts", 10)))).toMatchObject({
      _tag: "Unavailable",
      child: "tts",
    })
  }
  await away()
  const scope = Scope.makeUnsafe()
  await Effect.runPromise(Scope.provide(child.start(), scope))
  expect(hosts.children().map(({ id, phase }) => `${id} ${phase}`)).toEqual([
    "listener idle",
    "stt idle",
    "tts idle",
    "llm idle",
  ])
  expect(residency.snapshot()).toBeDefined()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await away()
})

it("knows the hosts of whichever life is up", async () => {
  const { child, hosts } = branchOf()
  for (let life = 0; life < 3; life++) {
    const scope = Scope.makeUnsafe()
    await Effect.runPromise(Scope.provide(child.start(), scope))
    expect(hosts.children()).toHaveLength(4)
    await Effect.runPromise(Scope.close(scope, Exit.void))
    expect(hosts.children()).toEqual([])
  }
})

it("has a server of others beside the hosts where one is ours to start, and else none", async () => {
  const configured = (settings: Readonly<Record<string, string>>) => {
    const { config } = loadConfig({
      env: {},
      overrides: new Map(Object.entries(settings)),
      mayBeMissing: true,
    })
    return branchOf(hostsOf(config))
  }
  const wyoming = { "stt.engine": "wyoming", "stt.wyoming_command": "serve {url}" }
  expect(configured({}).wyoming).toBeUndefined()
  expect(configured({ "stt.engine": "wyoming" }).wyoming).toBeUndefined()
  expect(configured({ ...wyoming, "stt.engine": "moonshine" }).wyoming).toBeUndefined()

  const { child, wyoming: own } = configured(wyoming)
  expect(own?.supervisor.children()).toEqual([])
  const scope = Scope.makeUnsafe()
  await Effect.runPromise(Scope.provide(child.start(), scope))
  expect(own?.supervisor.children()).toMatchObject([{ id: "wyoming", phase: "idle" }])
  await Effect.runPromise(Scope.close(scope, Exit.void))
  expect(own?.supervisor.children()).toEqual([])
})
