import * as Effect from "effect/Effect"
import type { ContainerFailure } from "../../ports/containers.ts"
import { type EngineHost, engineAddress } from "../../security/engine-host.ts"
import { chooseApiVersion } from "../../tools/containers/api-version.ts"
import { badAnswer } from "../../tools/containers/container-error.ts"
import { makeEngineCalls } from "../../tools/containers/engine-calls.ts"

const CONNECT_MS = 5_000
const CONNECT_BY_SSH_MS = 15_000
const MAX_BYTES = 1_048_576

/** The version of the API that the engine and Jett speak, `v1.44`; the one request that names no container. */
export const engineVersion = (host: EngineHost, answerMs: number): Effect.Effect<string, ContainerFailure> =>
  Effect.suspend(() => {
    const pieces: Buffer[] = []
    const what = "ask for the API's version"
    const call = makeEngineCalls(host, host.type === "ssh" ? CONNECT_BY_SSH_MS : CONNECT_MS)
    return call({
      what,
      changes: false,
      answerMs,
      maxBytes: MAX_BYTES,
      version: undefined,
      ask: (docker) => docker.version(),
      onBody: (bytes) => void pieces.push(bytes),
    }).pipe(
      Effect.flatMap(() => {
        const version = chooseApiVersion(Buffer.concat(pieces).toString("utf8"))
        return version === undefined
          ? Effect.fail(badAnswer(what, engineAddress(host)))
          : Effect.succeed(version)
      }),
    )
  })
