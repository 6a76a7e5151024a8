import * as Effect from "effect/Effect"
import type { OperationOutcome, Tier } from "../../ports/guard.ts"
import type { GuardedTool, Operation, Performed } from "../../ports/guarded-tool.ts"
import { malformed, parametersOf, readArguments } from "../tool-arguments.ts"
import type { CancelResult } from "./timer.ts"
import { isLabel, isLength, type Timer, type TimerFilter } from "./timer.ts"
import { cancelSpeech, describe, listSpeech, setSpeech, withArticle } from "./timer-speech.ts"
import type { Timers } from "./timers.ts"

/** Calls for timers run one after the other. */
const SUBJECT = "timers"

const LABEL_SCHEMA = { type: "string" }
const SECONDS_SCHEMA = { type: "integer" }

const LENGTH_PROBLEM = "A timer runs from one second to twenty four hours."
const LABEL_PROBLEM = "A timer's name is up to thirty letters, digits and spaces."
const SHAPE_PROBLEM = "A timer takes a length and a name, nothing else."
const CANCEL_PROBLEM = "Say which timer to cancel, or all of them."

/** What the arguments say, or the sentence why they cannot be taken. */
type Read<A> =
  | { readonly type: "read"; readonly value: A }
  | { readonly type: "problem"; readonly speech: string }
type SetRequest = TimerFilter & { readonly seconds: number }

const problem = (speech: string) => ({ type: "problem", speech }) as const
const read = <A>(value: A) => ({ type: "read", value }) as const

const readFilter = (args: unknown): Read<TimerFilter> => {
  const found = readArguments(args, ["label", "seconds"])
  if (found === undefined) return problem(SHAPE_PROBLEM)
  const label = found.get("label")
  const seconds = found.get("seconds")
  if (found.has("seconds") && !isLength(seconds)) return problem(LENGTH_PROBLEM)
  if (found.has("label") && !isLabel(label)) return problem(LABEL_PROBLEM)
  return read({
    ...(isLabel(label) ? { label: label.toLowerCase() } : {}),
    ...(isLength(seconds) ? { seconds } : {}),
  })
}

const readSet = (args: unknown): Read<SetRequest> => {
  const filter = readFilter(args)
  if (filter.type === "problem") return filter
  const { seconds } = filter.value
  return seconds === undefined ? problem(LENGTH_PROBLEM) : read({ ...filter.value, seconds })
}

const readCancel = (args: unknown): Read<TimerFilter | "all"> => {
  const which = readArguments(args, ["which"])
  if (which === undefined || which.size === 0) return readFilter(args)
  return which.get("which") === "all" ? read("all") : problem(CANCEL_PROBLEM)
}

interface TimerTool<A> {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly tier: Tier
  readonly read: (args: unknown) => Read<A>
  /** The canonical arguments: keys sorted, only what was read. */
  readonly arguments: (request: A) => Operation["arguments"]
  readonly spoken: (request: A) => string
  readonly perform: (timers: Timers, request: A) => Effect.Effect<Performed>
}

const filterArguments = ({ label, seconds }: TimerFilter): Operation["arguments"] => ({
  ...(label === undefined ? {} : { label }),
  ...(seconds === undefined ? {} : { seconds }),
})

const setTimer: TimerTool<SetRequest> = {
  name: "set_timer",
  description: "Sets a timer.",
  parameters: parametersOf({ seconds: SECONDS_SCHEMA, label: LABEL_SCHEMA }, ["seconds"]),
  tier: "own",
  read: readSet,
  arguments: filterArguments,
  spoken: (request) => `set ${withArticle(describe(request))}`,
  perform: (timers, { seconds, label }) =>
    Effect.map(timers.set(seconds, label), (result) => ({
      outcome: result.type === "set" ? "done" : "failed",
      speech: setSpeech(result),
      observed: result.type === "set" ? observedOf(result.timer) : {},
    })),
}

const listTimers: TimerTool<TimerFilter> = {
  name: "list_timers",
  description: "Tells the timers and how long each has left.",
  parameters: parametersOf({ label: LABEL_SCHEMA }),
  tier: "read",
  read: readFilter,
  arguments: filterArguments,
  spoken: () => "tell what timers there are",
  perform: (timers, filter) =>
    Effect.sync(() => {
      const running = timers.running(filter)
      return {
        outcome: "done",
        speech: listSpeech(running, filter),
        observed: {
          timers: running.map(({ timer, leftMs }) => ({
            ...observedOf(timer),
            leftSeconds: Math.ceil(leftMs / 1000),
          })),
        },
      }
    }),
}

const cancelTimer: TimerTool<TimerFilter | "all"> = {
  name: "cancel_timer",
  description: "Cancels the timer, the one with that label, or all.",
  parameters: parametersOf({
    label: LABEL_SCHEMA,
    which: { type: "string", enum: ["all"] },
  }),
  tier: "own",
  read: readCancel,
  arguments: (which) => (which === "all" ? { which } : filterArguments(which)),
  spoken: (which) => (which === "all" ? "cancel all timers" : `cancel the ${describe(which)}`),
  perform: (timers, which) =>
    Effect.map(timers.cancel(which), (result) => ({
      outcome: cancelOutcomes[result.type],
      speech: cancelSpeech(result, which === "all" ? {} : which),
      observed: "timers" in result ? { timers: result.timers.map(observedOf) } : {},
    })),
}

const cancelOutcomes: Readonly<Record<CancelResult["type"], OperationOutcome>> = {
  cancelled: "done",
  silenced: "done",
  none: "unchanged",
  ambiguous: "failed",
}

const observedOf = ({ label, seconds }: Timer): Readonly<Record<string, unknown>> =>
  filterArguments({ label, seconds })

const AWAY = "My timers are just being started again. Try again in a moment."

const toolOf = <A>(tool: TimerTool<A>, { current, away }: TimerAccess): GuardedTool => ({
  definition: { name: tool.name, description: tool.description, parameters: tool.parameters },
  prepare: (args) => {
    const found = tool.read(args)
    if (found.type === "problem") return malformed(found.speech)
    const { value } = found
    return {
      type: "operation",
      operation: {
        tool: tool.name,
        tier: tool.tier,
        subject: SUBJECT,
        arguments: tool.arguments(value),
        spoken: tool.spoken(value),
      },
    }
  },
  perform: (operation) =>
    Effect.suspend(() => {
      const timers = current()
      const found = tool.read(operation.arguments)
      if (found.type === "problem")
        return Effect.succeed({ outcome: "failed", speech: found.speech, observed: {} })
      return timers === undefined
        ? Effect.succeed({ outcome: "failed", speech: away, observed: {} })
        : tool.perform(timers, found.value)
    }),
})

interface TimerAccess {
  /** Those that are up. */
  readonly current: () => Timers | undefined
  /** What is said while there are none. */
  readonly away: string
}

/**
 * `set_timer`, `list_timers` and `cancel_timer`. `current` gives the timers that are up; undefined while they are away.
 * A label is the only free text: letters, digits and single spaces.
 */
export const timerTools = (current: () => Timers | undefined, away = AWAY): readonly GuardedTool[] => [
  {
    ...toolOf(setTimer, { current, away }),
    // A timer that rang since cannot be told from one that was never set.
    reconcile: (operation, _, sinceMs) =>
      Effect.sync(() => {
        const found = readSet(operation.arguments)
        const timer = found.type === "read" ? current()?.setSince(found.value, sinceMs) : undefined
        return timer === undefined
          ? { outcome: "unknown", speech: "I don't know whether the timer was set.", observed: {} }
          : {
              outcome: "done",
              speech: setSpeech({ type: "set", timer, kept: true }),
              observed: observedOf(timer),
            }
      }),
  },
  toolOf(listTimers, { current, away }),
  toolOf(cancelTimer, { current, away }),
]

/** For a process that ends with its one answer: nobody would be there when a timer rings. */
export const noTimerTools: readonly GuardedTool[] = timerTools(
  () => undefined,
  "I can only keep timers while I keep running. Start me with jett serve.",
)
