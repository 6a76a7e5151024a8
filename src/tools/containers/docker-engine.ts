import * as Effect from "effect/Effect"
import type { ContainerFacts, ContainerFailure, Containers } from "../../ports/containers.ts"
import { containerNameProblem } from "../../security/container-name.ts"
import { type EngineHost, engineAddress } from "../../security/engine-host.ts"
import { askApiVersion } from "./api-version.ts"
import { badAnswer, ContainerError } from "./container-error.ts"
import { type EngineCall, type EngineText, makeEngineCalls, readText } from "./engine-calls.ts"
import { type InspectedContainer, parseInspect } from "./inspect-answer.ts"
import { LogTail } from "./log-tail.ts"
import { secretsOfEnvironment } from "./secret-environment.ts"
import { parseStats } from "./stats-answer.ts"

export interface DockerEngineOptions {
  readonly host: EngineHost
  /** `1.44`; undefined: the newest that the engine and Jett both speak, asked once. */
  readonly apiVersion?: string | undefined
  /** Told of every value in a container's environment that looks like a secret. */
  readonly onSecret: (values: readonly string[]) => void
  /** Until a connection stands. Default 5 s, over SSH 15 s. */
  readonly connectMs?: number | undefined
  /** Until the whole answer is there; for a stop or a restart, from the end of the container's grace. Default 10 s. */
  readonly answerMs?: number | undefined
}

const KIB = 1_024
const MIB = KIB * KIB
const MOST_JSON_BYTES = 4 * MIB
/** The last lines of a log can be long; all but their end is dropped while it comes. */
const MOST_LOG_BYTES = 256 * MIB
const MOST_TAIL = 10_000
const MOST_GRACE_S = 600

/** Docker's engine behind the port. A name that is no plain name fails before anything is sent. */
export const makeDockerEngine = (options: DockerEngineOptions): Containers => {
  const { host, answerMs = 10_000, onSecret } = options
  const engine = engineAddress(host)
  const call = makeEngineCalls(host, options.connectMs)
  let version = options.apiVersion === undefined ? undefined : `v${options.apiVersion}`

  /** The text of a 200. */
  const read = (
    what: string,
    asked: Pick<EngineCall, "ask" | "version">,
  ): Effect.Effect<EngineText, ContainerFailure> =>
    readText(call, { what, answerMs, maxBytes: MOST_JSON_BYTES, ...asked })

  const apiVersion = Effect.suspend(() =>
    version !== undefined
      ? Effect.succeed(version)
      : Effect.tap(askApiVersion(call, { engine, answerMs }), (chosen) =>
          Effect.sync(() => {
            version = chosen
          }),
        ),
  )

  /** Checks the name, then hands on the API's version. An engine that was replaced may speak another one. */
  const withName = <A>(
    name: string,
    use: (version: string) => Effect.Effect<A, ContainerFailure>,
  ): Effect.Effect<A, ContainerFailure> =>
    Effect.suspend(() => {
      const problem = containerNameProblem(name)
      if (problem !== undefined)
        return Effect.fail(
          new ContainerError({ reason: "refused", message: `The name given ${problem}; nothing was sent.` }),
        )
      return Effect.flatMap(apiVersion, use).pipe(
        Effect.tapError(({ reason }) =>
          Effect.sync(() => {
            if (options.apiVersion === undefined && (reason === "refused" || reason === "unreachable"))
              version = undefined
          }),
        ),
      )
    })

  const look = (name: string): Effect.Effect<InspectedContainer, ContainerFailure> =>
    withName(name, (version) =>
      read(`inspect ${name}`, { ask: (docker) => docker.getContainer(name).inspect(), version }).pipe(
        Effect.flatMap(({ text, engineNowMs }) => {
          const found = parseInspect(text, name, engineNowMs)
          if (found === undefined) return Effect.fail(badAnswer(`inspect ${name}`, engine))
          const secrets = secretsOfEnvironment(found.environment)
          if (secrets.length > 0) onSecret(secrets)
          return Effect.succeed(found)
        }),
      ),
    )
  const inspect = (name: string): Effect.Effect<ContainerFacts, ContainerFailure> =>
    Effect.map(look(name), ({ facts }) => facts)

  const change = (
    name: string,
    verb: string,
    graceSeconds: number,
    ask: EngineCall["ask"],
  ): Effect.Effect<"done" | "unchanged", ContainerFailure> =>
    withName(name, (version) =>
      call({
        what: `${verb} ${name}`,
        changes: true,
        answerMs: graceSeconds * 1_000 + answerMs,
        maxBytes: 0,
        version,
        ask,
      }).pipe(
        Effect.flatMap(({ status }) => {
          if (status === 200) return Effect.fail(badAnswer(`${verb} ${name}`, engine))
          return Effect.succeed(status === 304 ? ("unchanged" as const) : ("done" as const))
        }),
      ),
    )

  /** A grace below zero would have the engine wait for ever. */
  const withGrace = <A>(
    graceSeconds: number,
    use: () => Effect.Effect<A, ContainerFailure>,
  ): Effect.Effect<A, ContainerFailure> =>
    Number.isInteger(graceSeconds) && graceSeconds >= 0 && graceSeconds <= MOST_GRACE_S
      ? use()
      : Effect.fail(
          new ContainerError({
            reason: "refused",
            message: `A grace of ${graceSeconds} s; expected whole seconds from 0 to ${MOST_GRACE_S}. Nothing was sent.`,
          }),
        )

  return {
    inspect,
    list: (names) =>
      Effect.forEach(
        names,
        (name) =>
          Effect.catch(
            Effect.map(inspect(name), (facts) => [facts]),
            (failure): Effect.Effect<readonly ContainerFacts[], ContainerFailure> =>
              failure.reason === "not-found" ? Effect.succeed([]) : Effect.fail(failure),
          ),
        { concurrency: 4 },
      ).pipe(Effect.map((found) => found.flat())),
    start: (name) => change(name, "start", 0, (docker) => docker.getContainer(name).start()),
    stop: (name, graceSeconds) =>
      withGrace(graceSeconds, () =>
        change(name, "stop", graceSeconds, (docker) => docker.getContainer(name).stop({ t: graceSeconds })),
      ),
    restart: (name, graceSeconds) =>
      withGrace(graceSeconds, () =>
        change(name, "restart", graceSeconds, (docker) =>
          docker.getContainer(name).restart({ t: graceSeconds }),
        ),
      ).pipe(
        Effect.flatMap((outcome) =>
          outcome === "done" ? Effect.succeed(outcome) : Effect.fail(badAnswer(`restart ${name}`, engine)),
        ),
      ),
    logs: (name, { tail, maxBytes }) =>
      Effect.gen(function* () {
        const { tty } = yield* look(name)
        const log = new LogTail(!tty, maxBytes)
        const lines = Math.max(1, Math.min(MOST_TAIL, Math.trunc(tail)))
        yield* withName(name, (version) =>
          call({
            what: `read the log of ${name}`,
            changes: false,
            answerMs,
            maxBytes: MOST_LOG_BYTES,
            version,
            ask: (docker) =>
              docker.getContainer(name).logs({ stdout: true, stderr: true, follow: false, tail: lines }),
            onBody: (bytes) => log.push(bytes),
          }),
        )
        const bytes = log.end()
        return bytes ?? (yield* Effect.fail(badAnswer(`read the log of ${name}`, engine)))
      }),
    stats: (name) =>
      Effect.gen(function* () {
        const { memoryLimitBytes } = yield* look(name)
        const { text } = yield* withName(name, (version) =>
          read(`measure ${name}`, {
            ask: (docker) => docker.getContainer(name).stats({ stream: false }),
            version,
          }),
        )
        const usage = parseStats(text, name, memoryLimitBytes)
        return usage ?? (yield* Effect.fail(badAnswer(`measure ${name}`, engine)))
      }),
  }
}
