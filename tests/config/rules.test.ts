import { expect, test } from "vitest"
import { loadConfig } from "../../src/config/load-config.ts"

const load = (env: Readonly<Record<string, string>>) =>
  loadConfig({ env, file: "/dev/null", mayBeMissing: true })

test("a Wyoming server elsewhere is warned of where it is used", () => {
  const elsewhere = { JETT_STT_WYOMING_URL: "tcp://192.168.1.9:10300" }
  expect(load(elsewhere).warnings).toEqual([])
  expect(load({ ...elsewhere, JETT_STT_ENGINE: "wyoming" }).warnings).toEqual([
    "stt.wyoming_url (tcp://192.168.1.9:10300) is not on this machine and will be refused; set privacy.allow_remote_stt = true if what you say may go there.",
  ])
  expect(load({ JETT_PRIVACY_ALLOW_REMOTE_STT: "true" }).warnings).toEqual([
    "privacy.allow_remote_stt = true: the sound of what you say may leave this machine.",
  ])
})

test.each(["tcp://127.0.0.1:10300", "tcp://[::1]:10300", "unix:///run/user/1000/stt.sock"])(
  "a Wyoming server at %s is on this machine",
  (url) => {
    expect(load({ JETT_STT_ENGINE: "wyoming", JETT_STT_WYOMING_URL: url }).warnings).toEqual([])
  },
)

test.each(["http://127.0.0.1:10300", "tcp://127.0.0.1", "unix://stt.sock", "10300"])(
  "%s is no address of a Wyoming server",
  (url) => {
    expect(() => load({ JETT_STT_WYOMING_URL: url })).toThrow(/expected an address such as "tcp:/)
  },
)
