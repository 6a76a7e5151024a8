import { lookup as systemLookup } from "node:dns/promises"
import { BlockList, isIP } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** The address may not be talked to. Nothing was sent to it. */
export class EndpointRefused extends Data.TaggedError("EndpointRefused")<{
  readonly reason: "not-a-url" | "not-loopback" | "unresolvable"
  readonly message: string
}> {}

export interface EndpointRules {
  /** `privacy.allow_remote_llm`. */
  readonly allowRemote: boolean
  /** All addresses of a host name. Default: the system's resolver. */
  readonly lookup?: ((host: string) => Promise<readonly string[]>) | undefined
}

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8, "ipv4")
loopback.addAddress("::1", "ipv6")
loopback.addSubnet("::ffff:127.0.0.0", 104, "ipv6")

const ALLOW = "set privacy.allow_remote_llm = true if what you say may go there"

/**
 * The URL to talk to, if it may be talked to: any when remote models are allowed, else only one on this machine.
 *
 * A name counts as this machine only if all of its addresses do, and the returned URL then holds an address instead of
 * the name, so that a resolver cannot send the next request elsewhere. (`localhost` stays, for the sake of servers that
 * listen on only one of 127.0.0.1 and ::1.) Redirects must be refused by whoever uses the URL.
 */
export const checkEndpoint = (text: string, rules: EndpointRules): Effect.Effect<URL, EndpointRefused> =>
  Effect.gen(function* () {
    const url = parsed(text)
    if (url === undefined) {
      return yield* new EndpointRefused({
        reason: "not-a-url",
        message: `"${text}" is not an address of Ollama; expected one like http://127.0.0.1:11434.`,
      })
    }
    if (rules.allowRemote) return url

    const host = url.hostname.replace(/^\[|\]$/g, "")
    if (isIP(host) !== 0) return isLoopbackAddress(host) ? url : yield* notLoopback(url, host)

    const lookup = rules.lookup ?? resolveAll
    const addresses = yield* Effect.tryPromise({
      try: () => lookup(host),
      catch: () =>
        new EndpointRefused({
          reason: "unresolvable",
          message: `The host of ${url.origin} has no address. Correct llm.ollama_url, or start what gives it one.`,
        }),
    })
    const foreign = addresses.find((address) => !isLoopbackAddress(address))
    const [address] = addresses
    if (address === undefined || foreign !== undefined) return yield* notLoopback(url, foreign ?? "none")
    if (host !== "localhost") url.hostname = isIP(address) === 6 ? `[${address}]` : address
    return url
  })

/** A model whose prompts a local Ollama passes on to the cloud, by its name: `gpt-oss:120b-cloud`, `kimi-k2:cloud`. */
export const hasCloudName = (model: string): boolean => /[-:]cloud$/i.test(model.trim())

const notLoopback = (url: URL, address: string): EndpointRefused =>
  new EndpointRefused({
    reason: "not-loopback",
    message: `${url.origin} is not on this machine (${address}) and was refused; ${ALLOW}.`,
  })

const parsed = (text: string): URL | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined
}

const isLoopbackAddress = (address: string): boolean => {
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 6 ? "ipv6" : "ipv4")
}

const resolveAll = async (host: string): Promise<readonly string[]> =>
  (await systemLookup(host, { all: true })).map(({ address }) => address)
