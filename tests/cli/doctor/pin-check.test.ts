import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import { runCheck } from "../../../src/cli/doctor/check.ts"
import { pinCheck, pinFinding } from "../../../src/cli/doctor/pin-check.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { openPin } from "../../../src/security/pin.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { configFileWith } from "./configured.ts"

const check = (toml: string, home: string) =>
  runCheck(pinCheck(loadConfig({ env: {}, file: configFileWith(toml) }).config, { XDG_STATE_HOME: home }))

const DATABASE = '[containers.postgres]\nallow = ["status", "restart", "stop"]\n'

test("a PIN that the table needs and nobody set is a warning with the command", async () => {
  expect(await check(DATABASE, temporaryDirectory())).toMatchObject({
    id: "guard.pin",
    status: "warn",
    summary: "not set, so restart postgres and 1 more will be refused",
    fix: "run jett pin set",
  })
})

test("a PIN that is set is told, and not what it is", async () => {
  const home = temporaryDirectory()
  await Effect.runPromise(openPin(`${home}/jett`, { costLog2: 10 }).set("2580"))
  expect(await check(DATABASE, home)).toEqual(expect.objectContaining({ status: "ok", summary: "set" }))
})

test("no PIN is missed where the table has nothing that needs one", async () => {
  const toml = '[containers.n8n]\nallow = ["status", "restart"]\n'
  expect(await check(toml, temporaryDirectory())).toMatchObject({ status: "ok" })
})

test("a lock and a file that makes no sense are warnings", () => {
  expect(pinFinding(["stop n8n"], { type: "locked", forMs: 61_000 })).toMatchObject({
    status: "warn",
    summary: "locked after wrong PINs, for 2 min",
  })
  expect(pinFinding([], { type: "unusable", problem: "it is not JSON" })).toMatchObject({
    status: "warn",
    fix: "run jett pin set",
  })
})
