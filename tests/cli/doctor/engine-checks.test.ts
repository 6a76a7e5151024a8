import { expect, test } from "vitest"
import { runCheck } from "../../../src/cli/doctor/check.ts"
import { engineChecks } from "../../../src/cli/doctor/engine-checks.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { fakeDocker } from "../../support/fake-docker.ts"
import { configFileWith } from "./configured.ts"

const check = (id: string, toml: string) => {
  const { config } = loadConfig({ env: {}, file: configFileWith(toml) })
  const found = engineChecks(config).find((each) => each.id === id)
  if (found === undefined) throw new Error(`no check ${id}`)
  return runCheck(found)
}

const table = (...names: readonly string[]) =>
  names.map((name) => `[containers.${name}]\nallow = ["status"]\n`).join("")
const at = (host: string) => `[docker]\nhost = "${host}"\n`

test("no engine is contacted where none is configured", async () => {
  const docker = await fakeDocker()
  expect(await check("docker.engine", table("n8n"))).toMatchObject({
    status: "ok",
    summary: "not used: docker.host is not set",
  })
  expect(await check("docker.containers", table("n8n"))).toMatchObject({ status: "ok" })
  expect(docker.connections.made).toBe(0)
})

test("an engine that answers is named with the version of the API, and asked for nothing else", async () => {
  const docker = await fakeDocker()
  expect(await check("docker.engine", at(docker.host))).toMatchObject({
    status: "ok",
    summary: expect.stringMatching(/^unix:\/\/.* speaks v1\.\d\d of the API$/),
  })
  expect(docker.lines()).toEqual(["GET /version"])
})

test("an engine that is away fails, with what to look at", async () => {
  const docker = await fakeDocker()
  await docker.close()
  for (const id of ["docker.engine", "docker.containers"]) {
    expect(await check(id, at(docker.host) + table("n8n"))).toMatchObject({
      status: "fail",
      summary: expect.stringContaining(`cannot be reached at ${docker.host}`),
      fix: "check that it runs, and docker.host",
    })
  }
})

test("what is no engine fails", async () => {
  const docker = await fakeDocker()
  docker.fail({ type: "garbage" })
  expect(await check("docker.engine", at(docker.host))).toMatchObject({
    status: "fail",
    fix: "check docker.host",
  })
})

test("a container of the table that the engine does not have is a warning that names it; nothing is changed", async () => {
  const docker = await fakeDocker()
  docker.state.add("n8n")
  expect(await check("docker.containers", at(docker.host) + table("n8n"))).toMatchObject({
    status: "ok",
    summary: "n8n running",
  })
  expect(await check("docker.containers", at(docker.host) + table("n8n", "qdrant"))).toMatchObject({
    status: "warn",
    summary: "not on the engine: qdrant",
    fix: expect.stringContaining("[containers.NAME]"),
  })
  expect(docker.changes()).toEqual([])
})

test("a container of another compose project is a warning", async () => {
  const docker = await fakeDocker()
  docker.state.add("n8n")
  const toml = `${at(docker.host)}[containers.n8n]\nallow = ["status"]\nproject = "server"\n`
  expect(await check("docker.containers", toml)).toMatchObject({
    status: "warn",
    summary: expect.stringContaining("n8n"),
    fix: "correct project or service in [containers.NAME]",
  })
})

test("an engine without a table is a warning", async () => {
  const docker = await fakeDocker()
  expect(await check("docker.containers", at(docker.host))).toMatchObject({ status: "warn" })
  expect(docker.connections.made).toBe(0)
})
