import { expect, onTestFinished, test } from "vitest"
import { run } from "../../src/cli/ps.ts"
import { startControlServer } from "../../src/service/control-server.ts"
import { controlSocketPath, runtimeFolder } from "../../src/service/runtime-folder.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"
import { FakeAssistant, fakeModels } from "../support/fake-assistant.ts"

const ps = async ({ json = false, models = fakeModels } = {}) => {
  const env = environmentIn(temporaryDirectory())
  const assistant = new FakeAssistant()
  assistant.models = () => models
  const socketPath = controlSocketPath(runtimeFolder(env))
  const server = await startControlServer({ socketPath, assistant, version: "1", onShutdown: () => {} })
  onTestFinished(() => server.close())
  const { context, written } = testContext("ps", { env, json })
  expect(await run(context)).toBe(0)
  return written.out
}

/** What differs from run to run, at the width of the heading. */
const steady = (out: string): string =>
  out.replace(/^(main +)\d+ +ready +[\d.]+ +/m, (_, main: string) => `${main}PID  ready  PSS  `)

test("shows the processes, the models and the memory of each pool", async () => {
  expect(steady(await ps())).toMatch(
    /^process +pid +state +PSS MiB +restarts +up +models\nmain +PID +ready +PSS +2 +61 s +wake\n\n/,
  )
  const [, ...tables] = (await ps()).split("\n\n")
  expect(tables.join("\n\n")).toBe(
    [
      "model       state     on   MiB   declared  measured  leases  in use  pinned  variant",
      "listener    ready     cpu  70    70        -         1       no      yes     listener@cpu",
      "tts         unloaded  -    0     -         -         0       no      no      -",
      "jett-qwen3  busy      gpu  5280  5280      5213      2       yes     no      ollama/jett-qwen3?num_ctx=2048",
      "",
      "gpu: 5280 of 5000 MiB committed, 2020 MiB used by other programs, overcommitted",
      "cpu: 70 of 4096 MiB committed",
      "",
    ].join("\n"),
  )
})

test("with --json gives the same as data", async () => {
  expect(JSON.parse(await ps({ json: true }))).toEqual({
    processes: [expect.objectContaining({ id: "main", pid: process.pid, pssMib: expect.any(Number) })],
    ...fakeModels,
  })
})

test("shows the processes alone of a daemon that tells nothing of its memory", async () => {
  const out = await ps({ models: { models: [], pools: null } })
  expect(out.split("\n")).toHaveLength(3)
})
