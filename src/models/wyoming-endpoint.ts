import type { NetConnectOpts } from "node:net"
import * as Effect from "effect/Effect"
import type { ModelFailure } from "../ports/models.ts"
import { ModelError } from "./model-error.ts"
import { checkEndpoint, type EndpointRefused, type EndpointRules } from "./remote-endpoint.ts"

/** Where a Wyoming server listens, allowed to be talked to. */
export interface WyomingEndpoint {
  /** As it was configured, for messages. */
  readonly url: string
  readonly connect: NetConnectOpts
}

/**
 * The address of `stt.wyoming_url`, if sound may be sent there: by `checkEndpoint`'s rules, so on this machine unless
 * `rules.allowRemote` (`privacy.allow_remote_stt`). A Unix socket is always on this machine.
 */
export const wyomingEndpoint = (
  url: string,
  rules: EndpointRules,
): Effect.Effect<WyomingEndpoint, ModelFailure> => {
  const path = /^unix:\/\/(\/.+)$/.exec(url)?.[1]
  if (path !== undefined) return Effect.succeed({ url, connect: { path } })
  const [, authority] = /^tcp:\/\/([^/?#\s]+:\d+)\/?$/.exec(url) ?? []
  // As an http address, since only those have their host normalised: 0x7f.1 is 127.0.0.1 in disguise.
  return checkEndpoint(authority === undefined ? url : `http://${authority}`, rules).pipe(
    Effect.filterOrFail(
      () => authority !== undefined,
      () => refused(`"${url}" is no address of a Wyoming server; ${EXPECTED}.`),
    ),
    Effect.map(({ hostname, port }) => ({
      url,
      connect: {
        host: hostname.replace(/^\[|\]$/g, ""),
        port: port === "" ? DEFAULT_HTTP_PORT : Number(port),
      },
    })),
    Effect.mapError((error) => (error._tag === "EndpointRefused" ? refused(messageOf(url, error)) : error)),
  )
}

const EXPECTED =
  "stt.wyoming_url is expected to be like tcp://127.0.0.1:10300 or unix:///run/user/1000/stt.sock"

/** A URL leaves out the port that its scheme implies. */
const DEFAULT_HTTP_PORT = 80

const messageOf = (url: string, { reason }: EndpointRefused): string => {
  switch (reason) {
    case "not-a-url":
      return `"${url}" is no address of a Wyoming server; ${EXPECTED}.`
    case "not-loopback":
      return `${url} is not on this machine and was refused, as sound never leaves it; set privacy.allow_remote_stt = true if what you say may go there.`
    case "unresolvable":
      return `The host of ${url} has no address; correct stt.wyoming_url.`
  }
}

const refused = (message: string): ModelError =>
  new ModelError({ model: "wyoming", reason: "refused", message })
