import * as Effect from "effect/Effect"
import type { ContainerFacts, ContainerFailure, Containers } from "../../ports/containers.ts"
import type { GuardedTool, Performed, Target } from "../../ports/guarded-tool.ts"
import type { Redactor } from "../../ports/redaction.ts"
import type { Policy, PolicyRow } from "../../security/policy.ts"
import { redactUntrusted } from "../../security/untrusted-text.ts"
import { identityChanged, isOfRow, observedOf } from "./container-identity.ts"
import { capital, count, failureWords, spanWords, stateWords } from "./container-speech.ts"
import { rowTool } from "./row-tool.ts"

export interface ReadToolsOptions {
  readonly policy: Policy
  readonly engine: Containers
  readonly redactor: Redactor
  readonly wallNow: () => number
}

const LOG_TAIL = 200
const MOST_LOG_BYTES = 65_536
const MOST_LINE_CHARACTERS = 2_000

/** `container_status`, `container_logs` and `container_stats`: they change nothing. */
export const readTools = (options: ReadToolsOptions): readonly GuardedTool[] => {
  const { policy, engine, redactor, wallNow } = options
  return [
    rowTool(policy, engine, {
      name: "container_status",
      action: "status",
      description: "Tells whether a container runs, whether it is healthy, and since when.",
      verb: "check",
      perform: (row, target) =>
        withFacts(options, row, target, (facts) => Effect.succeed(status(row, facts, wallNow()))),
    }),
    rowTool(policy, engine, {
      name: "container_logs",
      action: "logs",
      description: "Reads the end of a container's log.",
      verb: "read the log of",
      perform: (row, target) =>
        withFacts(options, row, target, (facts) =>
          engine.logs(row.name, { tail: LOG_TAIL, maxBytes: MOST_LOG_BYTES }).pipe(
            Effect.flatMap((bytes) =>
              Effect.map(readable(bytes, redactor), (text) => log(row, facts, bytes.length, text)),
            ),
            Effect.catch((failure) => Effect.succeed(unread(row, failure))),
          ),
        ),
    }),
    rowTool(policy, engine, {
      name: "container_stats",
      action: "stats",
      description: "Tells how much processor time and memory a container uses.",
      verb: "measure",
      perform: (row, target) =>
        withFacts(options, row, target, (facts) =>
          facts.state !== "running" && facts.state !== "paused"
            ? Effect.succeed(idle(row, facts))
            : engine.stats(row.name).pipe(
                Effect.map((usage): Performed => {
                  const { cpuPercent, memoryMib, memoryLimitMib } = usage
                  return {
                    outcome: "done",
                    speech: capital(
                      `${row.spoken} uses ${percentWords(cpuPercent)} of one core and ${memoryWords(memoryMib)} of memory.`,
                    ),
                    observed: {
                      ...observedOf(row, facts),
                      cpuPercent,
                      memoryMib,
                      ...(memoryLimitMib === undefined ? {} : { memoryLimitMib }),
                    },
                  }
                }),
                Effect.catch((failure) => Effect.succeed(unread(row, failure))),
              ),
        ),
    }),
  ]
}

/** Looks first: the container must be the one that was meant. */
const withFacts = (
  { engine }: ReadToolsOptions,
  row: PolicyRow,
  target: Target | undefined,
  use: (facts: ContainerFacts) => Effect.Effect<Performed>,
): Effect.Effect<Performed> =>
  engine.inspect(row.name).pipe(
    Effect.flatMap((facts) =>
      isOfRow(facts, row) && (target === undefined || target.id === facts.id)
        ? use(facts)
        : Effect.succeed(identityChanged(row, target, false)),
    ),
    Effect.catch((failure) => Effect.succeed(unread(row, failure))),
  )

const unread = (row: PolicyRow, failure: ContainerFailure): Performed => ({
  outcome: "failed",
  speech: `${failureWords(failure, row.spoken)}.`,
  observed: { ...observedOf(row, undefined), reason: failure.reason },
})

const status = (row: PolicyRow, facts: ContainerFacts, nowMs: number): Performed => {
  const { startedAtMs, engineNowMs = nowMs } = facts
  const since =
    facts.state === "running" && startedAtMs !== undefined
      ? `, for ${spanWords(engineNowMs - startedAtMs)}`
      : ""
  return {
    outcome: "done",
    speech: capital(`${row.spoken} is ${stateWords(facts)}${since}.`),
    observed: observedOf(row, facts),
  }
}

const readable = (bytes: Uint8Array, redactor: Redactor): Effect.Effect<string> =>
  redactUntrusted(bytes, redactor, {
    maxLines: LOG_TAIL,
    maxChars: MOST_LOG_BYTES,
    maxLineChars: MOST_LINE_CHARACTERS,
    cutAtStart: bytes.length >= MOST_LOG_BYTES,
  })

const log = (row: PolicyRow, facts: ContainerFacts, bytes: number, text: string): Performed => {
  const lines = text.trim() === "" ? 0 : text.trim().split("\n").length
  return {
    outcome: "done",
    speech: capital(logSentence(row.spoken, bytes, lines)),
    observed: { ...observedOf(row, facts), lines },
    ...(lines === 0 ? {} : { untrusted: text }),
  }
}

const logSentence = (spoken: string, bytes: number, lines: number): string => {
  if (bytes === 0) return `${spoken} has written nothing to its log.`
  if (lines === 0) return `The log of ${spoken} has nothing in it that can be read.`
  const which = lines === 1 ? "is the last line" : `are the last ${count(lines, "line")}`
  return `Here ${which} of the log of ${spoken}.`
}

const idle = (row: PolicyRow, facts: ContainerFacts): Performed => ({
  outcome: "done",
  speech: capital(`${row.spoken} is ${stateWords(facts)}, so it uses nothing.`),
  observed: { ...observedOf(row, facts), cpuPercent: 0, memoryMib: 0 },
})

const percentWords = (percent: number): string =>
  percent < 1 ? "less than 1 percent" : `${Math.round(percent)} percent`

const memoryWords = (mib: number): string =>
  mib < 1_024 ? count(Math.round(mib), "megabyte") : `${(mib / 1_024).toFixed(1)} gigabytes`
