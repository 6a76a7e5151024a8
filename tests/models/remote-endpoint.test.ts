import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { checkEndpoint, type EndpointRules, hasCloudName } from "../../src/models/remote-endpoint.ts"

const noLookup = (): Promise<readonly string[]> => {
  throw new Error("nothing should be looked up")
}

const check = (url: string, rules: Partial<EndpointRules> = {}) =>
  Effect.runPromise(
    Effect.match(checkEndpoint(url, { allowRemote: false, lookup: noLookup, ...rules }), {
      onSuccess: ({ href }) => href,
      onFailure: ({ reason }) => reason,
    }),
  )

describe("checkEndpoint", () => {
  it.each([
    "http://127.0.0.1:11434/",
    "http://127.8.9.10:11434/",
    "http://[::1]:11434/",
    "http://[::ffff:7f00:1]:11434/",
  ])("takes %s, which is this machine", async (url) => {
    expect(await check(url)).toBe(url)
  })

  it("sees through the ways to write 127.0.0.1", async () => {
    expect(await check("http://2130706433:11434")).toBe("http://127.0.0.1:11434/")
    expect(await check("http://0x7f.1:11434")).toBe("http://127.0.0.1:11434/")
  })

  it.each([
    "http://192.168.1.4:11434",
    "http://10.0.0.2:11434",
    "http://[fd00::1]:11434",
    "http://[::ffff:a00:2]:11434",
    "http://0.0.0.0:11434",
    "http://[::]:11434",
    "http://127.0.0.1@10.0.0.2:11434",
    "http://128.0.0.1",
  ])("refuses %s, which is not, without asking anybody", async (url) => {
    expect(await check(url)).toBe("not-loopback")
  })

  it("takes localhost as it is, once its addresses are known to be this machine's", async () => {
    const lookup = async () => ["127.0.0.1", "::1"]
    expect(await check("http://localhost:11434", { lookup })).toBe("http://localhost:11434/")
  })

  it("refuses a localhost that somebody points elsewhere", async () => {
    expect(await check("http://localhost:11434", { lookup: async () => ["10.0.0.2"] })).toBe("not-loopback")
  })

  it("replaces any other name of this machine by its address, so that the name cannot change its mind", async () => {
    const lookup = async () => ["127.0.1.1"]
    expect(await check("http://desktop:11434", { lookup })).toBe("http://127.0.1.1:11434/")
    expect(await check("http://desktop:11434", { lookup: async () => ["::1"] })).toBe("http://[::1]:11434/")
  })

  it("refuses a name of which one address is elsewhere", async () => {
    const lookup = async () => ["127.0.0.1", "203.0.113.7"]
    expect(await check("http://desktop:11434", { lookup })).toBe("not-loopback")
  })

  it("refuses a name that resolves to nothing", async () => {
    expect(await check("http://desktop", { lookup: async () => [] })).toBe("not-loopback")
    expect(await check("http://desktop", { lookup: () => Promise.reject(new Error("ENOTFOUND")) })).toBe(
      "unresolvable",
    )
  })

  it.each(["", "ollama", "ftp://127.0.0.1", "unix:///run/ollama.sock"])(
    "knows that %j is no address",
    async (url) => {
      expect(await check(url)).toBe("not-a-url")
    },
  )

  it("lets any address pass, unresolved, when remote models are allowed", async () => {
    expect(await check("https://llm.example.org/", { allowRemote: true })).toBe("https://llm.example.org/")
  })
})

describe("hasCloudName", () => {
  it.each(["gpt-oss:120b-cloud", "kimi-k2:cloud", "qwen3-coder:480b-CLOUD"])("is true of %s", (name) => {
    expect(hasCloudName(name)).toBe(true)
  })
  it.each(["jett-qwen3", "cloudy:7b", "cloud-mini:latest", "qwen3:8b"])("is false of %s", (name) => {
    expect(hasCloudName(name)).toBe(false)
  })
})
