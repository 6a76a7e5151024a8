import { expect, test } from "vitest"
import { runCheck } from "../../../src/cli/doctor/check.ts"
import { wantedModels } from "../../../src/cli/doctor/model-checks.ts"
import { wyomingCheck } from "../../../src/cli/doctor/wyoming-check.ts"
import { loadConfig } from "../../../src/config/load-config.ts"
import { encodeEvent } from "../../../src/models/wyoming-framing.ts"
import { fakeWyoming, info } from "../../support/fake-wyoming.ts"

const configOf = (env: Readonly<Record<string, string>>) =>
  loadConfig({ env, file: "/dev/null", mayBeMissing: true }).config

const check = (stt: Readonly<Record<string, string>>) =>
  runCheck(
    wyomingCheck(
      configOf(Object.fromEntries(Object.entries(stt).map(([name, value]) => [`JETT_STT_${name}`, value]))),
    ),
  )

test("a Wyoming server is not asked where it is not used", async () => {
  const fake = await fakeWyoming()
  expect(await check({ WYOMING_URL: fake.url })).toMatchObject({
    status: "ok",
    summary: "not used: stt.engine is moonshine",
  })
  expect(fake.connections()).toBe(0)
})

test("a Wyoming server is named with its model", async () => {
  const fake = await fakeWyoming()
  expect(await check({ ENGINE: "wyoming", WYOMING_URL: fake.url })).toMatchObject({
    status: "ok",
    summary: `${fake.url} has tiny`,
  })
})

test("a Wyoming server that is away fails, unless Jett starts it", async () => {
  const away = { ENGINE: "wyoming", WYOMING_URL: "tcp://127.0.0.1:1" }
  expect(await check(away)).toMatchObject({
    status: "fail",
    summary: "No Wyoming server answers at tcp://127.0.0.1:1 (ECONNREFUSED)",
    fix: "start it, or correct stt.wyoming_url",
  })
  expect(await check({ ...away, WYOMING_COMMAND: "serve" })).toMatchObject({ status: "ok" })
})

test("a Wyoming server without a model fails, whoever starts it", async () => {
  const fake = await fakeWyoming((_, socket) => socket.write(encodeEvent(info(false))))
  expect(await check({ ENGINE: "wyoming", WYOMING_URL: fake.url, WYOMING_COMMAND: "serve" })).toMatchObject({
    status: "fail",
    fix: "install one there, or correct stt.wyoming_url",
  })
})

test("a Wyoming server on another machine is refused with the setting that allows it", async () => {
  expect(await check({ ENGINE: "wyoming", WYOMING_URL: "tcp://192.0.2.1:10300" })).toMatchObject({
    status: "fail",
    fix: "set privacy.allow_remote_stt = true if what you say may go there",
  })
})

test("a Wyoming server needs no recogniser of ours", () => {
  const ids = (engine: string) => wantedModels(configOf({ JETT_STT_ENGINE: engine })).map(({ id }) => id)
  expect(ids("moonshine")).toContain("stt-moonshine-tiny-en")
  expect(ids("wyoming")).not.toContain("stt-moonshine-tiny-en")
  expect(ids("wyoming")).toContain("vad-silero")
})
