import * as Effect from "effect/Effect"
import type { GuardedTool, Operation } from "../ports/guarded-tool.ts"
import { dateSentence, type LocalTime, timeSentence } from "../text/phrase-replies.ts"
import { malformed, parametersOf, readArguments } from "./tool-arguments.ts"

/** `get_time` and `get_date`: what a language model cannot know by itself. `now` is the wall clock, read out locally. */
export const clockTools = ({ now }: { readonly now: () => LocalTime }): readonly GuardedTool[] => [
  clockTool({
    name: "get_time",
    description: "Tells the time of day.",
    spoken: "tell the time",
    read: () => {
      const local = now()
      return { speech: timeSentence(local), observed: { hour: local.hour, minute: local.minute } }
    },
  }),
  clockTool({
    name: "get_date",
    description: "Tells today's date and the day of the week.",
    spoken: "tell the date",
    read: () => {
      const local = now()
      const { year, month, day, weekday } = local
      return { speech: dateSentence(local), observed: { year, month, day, weekday } }
    },
  }),
]

interface ClockTool {
  readonly name: string
  readonly description: string
  readonly spoken: string
  readonly read: () => { readonly speech: string; readonly observed: Readonly<Record<string, unknown>> }
}

const clockTool = ({ name, description, spoken, read }: ClockTool): GuardedTool => {
  const operation: Operation = { tool: name, tier: "read", subject: name, arguments: {}, spoken }
  return {
    definition: { name, description, parameters: parametersOf({}) },
    prepare: (args) =>
      readArguments(args, []) === undefined
        ? malformed("I need nothing else to tell that.")
        : { type: "operation", operation },
    perform: () => Effect.sync(() => ({ outcome: "done", ...read() })),
  }
}
