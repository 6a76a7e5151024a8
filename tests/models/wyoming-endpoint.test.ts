import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { EndpointRules } from "../../src/models/remote-endpoint.ts"
import { wyomingEndpoint } from "../../src/models/wyoming-endpoint.ts"

const noLookup = (): Promise<readonly string[]> => {
  throw new Error("nothing should be looked up")
}

const endpoint = (url: string, rules: Partial<EndpointRules> = {}) =>
  Effect.runPromise(
    Effect.match(wyomingEndpoint(url, { allowRemote: false, lookup: noLookup, ...rules }), {
      onSuccess: ({ connect }) => connect,
      onFailure: ({ reason, message }) => `${reason}: ${message}`,
    }),
  )

describe("wyomingEndpoint", () => {
  it.each([
    ["tcp://127.0.0.1:10300", { host: "127.0.0.1", port: 10300 }],
    ["tcp://127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["tcp://[::1]:10300/", { host: "::1", port: 10300 }],
    ["tcp://0x7f.1:10300", { host: "127.0.0.1", port: 10300 }],
    ["unix:///run/user/1000/stt.sock", { path: "/run/user/1000/stt.sock" }],
  ])("takes %s, which is this machine", async (url, connect) => {
    expect(await endpoint(url)).toEqual(connect)
  })

  it("takes a name by its address, if all of its addresses are this machine's", async () => {
    const lookup = async () => ["127.0.0.1", "::1"]
    expect(await endpoint("tcp://stt.test:10300", { lookup })).toEqual({ host: "127.0.0.1", port: 10300 })
    const mixed = await endpoint("tcp://stt.test:10300", { lookup: async () => ["127.0.0.1", "10.0.0.2"] })
    expect(mixed).toMatch(/^refused: .*privacy\.allow_remote_stt = true/)
  })

  it.each([
    "tcp://192.168.1.4:10300",
    "tcp://0.0.0.0:10300",
    "tcp://[::ffff:a00:2]:10300",
    "tcp://127.0.0.1@10.0.0.2:10300",
  ])("refuses %s, and names the setting that allows it", async (url) => {
    expect(await endpoint(url)).toMatch(/^refused: .*sound never leaves it.*privacy\.allow_remote_stt = true/)
  })

  it("takes another machine where that is allowed", async () => {
    expect(await endpoint("tcp://10.0.0.2:10300", { allowRemote: true })).toEqual({
      host: "10.0.0.2",
      port: 10300,
    })
  })

  it.each([
    "",
    "127.0.0.1:10300",
    "http://127.0.0.1:10300",
    "tcp://127.0.0.1",
    "unix://relative",
    "tcp://127.0.0.1:99999",
    "tcp://a/b:1",
  ])("says what is expected instead of '%s'", async (url) => {
    expect(await endpoint(url)).toMatch(/^refused: .*tcp:\/\/127\.0\.0\.1:10300/)
  })

  it("says so when a name has no address", async () => {
    const lookup = async () => Promise.reject(new Error("ENOTFOUND"))
    expect(await endpoint("tcp://nowhere.test:10300", { lookup })).toMatch(/^refused: .*has no address/)
  })
})
