import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContainerFacts } from "../../ports/containers.ts"

/** What is read of `GET /containers/NAME/json`; the rest is not looked at. */
const Inspected = Schema.Struct({
  Id: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)),
  Name: Schema.String,
  RestartCount: Schema.optionalKey(Schema.Number),
  State: Schema.Struct({
    Status: Schema.Literals(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    ExitCode: Schema.Number,
    StartedAt: Schema.String,
    Health: Schema.optionalKey(
      Schema.NullOr(
        Schema.Struct({ Status: Schema.Literals(["none", "", "starting", "healthy", "unhealthy"]) }),
      ),
    ),
  }),
  Config: Schema.Struct({
    Tty: Schema.optionalKey(Schema.Boolean),
    Env: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
    Labels: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
  }),
  HostConfig: Schema.optionalKey(Schema.Struct({ Memory: Schema.optionalKey(Schema.Number) })),
})

/** A container, and what of it stays inside the adapter. */
export interface InspectedContainer {
  readonly facts: ContainerFacts
  /** Its log has no frames. */
  readonly tty: boolean
  /** `NAME=value`. Goes to nobody but the search for secrets. */
  readonly environment: readonly string[]
  /** Undefined: as much as the machine has. */
  readonly memoryLimitBytes: number | undefined
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Inspected))

/** Undefined where the text is no description of the container `name`. */
export const parseInspect = (
  json: string,
  name: string,
  engineNowMs: number | undefined,
): InspectedContainer | undefined => {
  const { Id, Name, RestartCount, State, Config, HostConfig } = Option.getOrUndefined(decode(json)) ?? {}
  if (Id === undefined || State === undefined || Config === undefined || Name !== `/${name}`) return undefined
  const health = State.Health?.Status ?? "none"
  const memory = HostConfig?.Memory ?? 0
  return {
    facts: {
      name,
      id: Id,
      state: State.Status,
      health: health === "" ? "none" : health,
      startedAtMs: momentOf(State.StartedAt),
      exitCode: State.ExitCode,
      restarts: RestartCount ?? 0,
      composeProject: Config.Labels?.["com.docker.compose.project"],
      composeService: Config.Labels?.["com.docker.compose.service"],
      engineNowMs,
    },
    tty: Config.Tty ?? false,
    environment: Config.Env ?? [],
    memoryLimitBytes: memory > 0 ? memory : undefined,
  }
}

/** The engine writes nanoseconds, and the year 1 for never. */
const momentOf = (text: string): number | undefined => {
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, "$1"))
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms
}
