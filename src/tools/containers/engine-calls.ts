import type Dockerode from "dockerode"
import * as Effect from "effect/Effect"
import type { ContainerFailure } from "../../ports/containers.ts"
import { type EngineHost, engineAddress } from "../../security/engine-host.ts"
import { badAnswer, type ContainerError, problemFailure, statusFailure } from "./container-error.ts"
import { prepareConnection } from "./engine-connection.ts"
import { type EngineAnswer, sendEngineRequest } from "./engine-request.ts"

export interface EngineCall {
  /** For messages: "restart n8n". */
  readonly what: string
  readonly changes: boolean
  readonly answerMs: number
  readonly maxBytes: number
  /** `v1.44`; undefined for the one request that needs none. */
  readonly version: string | undefined
  /** Makes one request of dockerode's; what it gives is not looked at. */
  readonly ask: (docker: Dockerode) => Promise<unknown>
  readonly onBody?: ((bytes: Buffer) => void) | undefined
}

/** One request by way of dockerode. Succeeds with 200, 204 and 304; interrupting it breaks the connection. */
export type EngineCalls = (call: EngineCall) => Effect.Effect<EngineAnswer, ContainerFailure>

/** What dockerode hands to its modem. */
interface DialOptions {
  readonly path: string
  readonly method: string
  readonly options?: Readonly<Record<string, unknown>> | undefined
}

type DialCallback = (error: unknown, answer?: unknown) => void

/**
 * dockerode says which requests the engine's API has; how they travel is ours. Its own modem takes the address from
 * `DOCKER_HOST` before ours, follows redirects to wherever (and ends the process where those fail), reads answers without
 * an end, and takes any SSH host for the right one: decision 24. `connectMs`: until a connection stands.
 */
export const makeEngineCalls = (
  host: EngineHost,
  connectMs: number = host.type === "ssh" ? 15_000 : 5_000,
): EngineCalls => {
  // Now, and not in the middle of a turn: it brings a gRPC library along, and loading that stops everything else.
  const library = import("dockerode")
  library.catch(() => {})
  return (call) => {
    const asked = { what: call.what, engine: engineAddress(host), changes: call.changes }
    return Effect.tryPromise({
      try: async (signal) => exchange((await library).default, host, connectMs, call, signal),
      catch: (error) => problemFailure(asked, error),
    }).pipe(
      Effect.flatMap((answer): Effect.Effect<EngineAnswer, ContainerError> => {
        if (answer === undefined) return Effect.fail(badAnswer(asked.what, asked.engine))
        const { status } = answer
        return status === 200 || status === 204 || status === 304
          ? Effect.succeed(answer)
          : Effect.fail(statusFailure(asked, status))
      }),
    )
  }
}

/** A request that only reads, with the whole answer as text. */
export const readText = (
  call: EngineCalls,
  asked: Omit<EngineCall, "changes" | "onBody">,
): Effect.Effect<EngineText, ContainerFailure> =>
  Effect.suspend(() => {
    const pieces: Buffer[] = []
    const onBody = (bytes: Buffer): void => void pieces.push(bytes)
    return Effect.map(call({ ...asked, changes: false, onBody }), ({ engineNowMs }) => ({
      text: Buffer.concat(pieces).toString("utf8"),
      engineNowMs,
    }))
  })

export interface EngineText extends Pick<EngineAnswer, "engineNowMs"> {
  readonly text: string
}

const exchange = async (
  Docker: typeof Dockerode,
  host: EngineHost,
  connectMs: number,
  call: EngineCall,
  signal: AbortSignal,
): Promise<EngineAnswer | undefined> => {
  const open = await prepareConnection(host)
  let answer: EngineAnswer | undefined
  const dial = ({ path, method, options }: DialOptions, callback: DialCallback): void => {
    const { version, answerMs, maxBytes, onBody } = call
    const target = targetOf(version, path, options)
    sendEngineRequest(open, { method, target, connectMs, answerMs, maxBytes, onBody }, signal).then(
      (found) => {
        answer = found
        callback(null, undefined)
      },
      (error: unknown) => callback(error),
    )
  }
  const settings = { Promise, modem: { Promise, dial } }
  await call.ask(new Docker(settings))
  return answer
}

/** dockerode ends a path that takes options with a question mark, and leaves putting them there to the modem. */
const targetOf = (
  version: string | undefined,
  path: string,
  options: DialOptions["options"] = {},
): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) query.set(name, String(value))
  const plain = path.replace(/\?$/, "")
  return `${version === undefined ? "" : `/${version}`}${plain}${query.size === 0 ? "" : `?${query}`}`
}
