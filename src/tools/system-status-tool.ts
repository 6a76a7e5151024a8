import * as Effect from "effect/Effect"
import type { ModelsStatus } from "../ports/assistant.ts"
import type { GuardedTool, Operation } from "../ports/guarded-tool.ts"
import { cardinal } from "../text/normalise/number-words.ts"
import { malformed, parametersOf, readArguments } from "./tool-arguments.ts"

const NAME = "system_status"

const operation: Operation = {
  tool: NAME,
  tier: "read",
  subject: NAME,
  arguments: {},
  spoken: "tell the status of the system",
}

/** `system_status`: which models are loaded, and how much memory is committed to them. */
export const systemStatusTool = ({ models }: { readonly models: () => ModelsStatus }): GuardedTool => ({
  definition: {
    name: NAME,
    description: "Tells your own state: models loaded, memory used.",
    parameters: parametersOf({}),
  },
  prepare: (args) =>
    readArguments(args, []) === undefined
      ? malformed("I need nothing else to tell my status.")
      : { type: "operation", operation },
  perform: () =>
    Effect.sync(() => {
      const status = models()
      return { outcome: "done", speech: statusSpeech(status), observed: observedOf(status) }
    }),
})

/** "Five models are loaded. 6.6 of 6.9 gigabytes of graphics memory are in use." */
const statusSpeech = (status: ModelsStatus): string => {
  const loaded = status.models.filter(isLoaded).length
  const failed = status.models.filter(({ state }) => state === "failed").length
  const memory = status.pools?.gpu
  return [
    `${counted(loaded, "model is", "models are")} loaded.`,
    ...(failed === 0 ? [] : [`${counted(failed, "model has", "models have")} failed.`]),
    ...(memory === undefined
      ? ["I can't see the memory right now."]
      : memory.budgetMib > 0
        ? [
            `${gigabytes(memory.committedMib)} of ${gigabytes(memory.budgetMib)} gigabytes of graphics memory are in use.`,
          ]
        : []),
    ...(memory?.overcommitted === true ? ["That is more than I may use."] : []),
  ].join(" ")
}

const isLoaded = ({ state }: ModelsStatus["models"][number]): boolean => state === "ready" || state === "busy"

const counted = (amount: number, one: string, many: string): string => {
  const words = amount === 0 ? "no" : cardinal(amount)
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} ${amount === 1 ? one : many}`
}

const gigabytes = (mib: number): string => (mib / 1024).toFixed(1)

const observedOf = ({ models, pools }: ModelsStatus): Readonly<Record<string, unknown>> => ({
  models: models.map(({ id, state, placement, committedMib }) => ({ id, state, placement, committedMib })),
  pools:
    pools === null
      ? null
      : Object.fromEntries(
          Object.entries(pools).map(([name, { budgetMib, committedMib, overcommitted }]) => [
            name,
            { budgetMib, committedMib, overcommitted },
          ]),
        ),
})
