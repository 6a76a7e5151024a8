import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContainerFailure } from "../../ports/containers.ts"
import { badAnswer } from "./container-error.ts"
import { type EngineCalls, readText } from "./engine-calls.ts"

/**
 * What is read of the answers has not changed between these. Debian 12's engine ends at 1.41, and engines from 29 on begin
 * at 1.44, so no single version does for all.
 */
const OLDEST = 41
const NEWEST = 51

const Version = Schema.Struct({
  ApiVersion: Schema.String.check(Schema.isPattern(/^1\.\d\d$/)),
  MinAPIVersion: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^1\.\d\d$/))),
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Version))

const MOST_BYTES = 1_048_576

/** The version that the engine and Jett speak, `v1.44`: the one request that names no container. */
export const askApiVersion = (
  call: EngineCalls,
  { engine, answerMs }: { readonly engine: string; readonly answerMs: number },
): Effect.Effect<string, ContainerFailure> => {
  const what = "ask for the API's version"
  const asked = { what, answerMs, maxBytes: MOST_BYTES, version: undefined }
  return Effect.flatMap(readText(call, { ...asked, ask: (docker) => docker.version() }), ({ text }) => {
    const version = chooseApiVersion(text)
    return version === undefined ? Effect.fail(badAnswer(what, engine)) : Effect.succeed(version)
  })
}

/** The newest version of the API that the engine and we speak, `v1.41`; undefined where there is none. */
const chooseApiVersion = (json: string): string | undefined => {
  const found = Option.getOrUndefined(decode(json))
  if (found === undefined) return undefined
  const [least, most] = [minorOf(found.MinAPIVersion ?? "1.12"), minorOf(found.ApiVersion)]
  const chosen = Math.min(most, NEWEST)
  return chosen < Math.max(least, OLDEST) ? undefined : `v1.${chosen}`
}

const minorOf = (version: string): number => Number(version.slice("1.".length))
