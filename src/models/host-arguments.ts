import { isAbsolute } from "node:path"
import type { EngineName } from "../ports/host-protocol.ts"
import { isEngineName } from "./host-messages.ts"

/** A host's exit codes; the numbers are those of sysexits.h. */
export const HOST_EXIT = {
  ok: 0,
  /** Wrong arguments. */
  usage: 64,
  /** The parent sent something that is not a message. */
  protocol: 65,
  /** The engine thread threw. */
  engineThread: 70,
  /** The parent is gone. */
  orphaned: 71,
} as const

export type HostArguments =
  | {
      readonly type: "ok"
      readonly parentPid: number
      readonly nice?: number | undefined
      readonly prepare: readonly EngineName[]
      readonly engineModule?: string | undefined
    }
  | { readonly type: "wrong"; readonly message: string }

/**
 * `--parent=PID` the process whose end ends this one;
 * `--nice=N` −20 to 19, taken if the system allows it;
 * `--prepare=ENGINE[,ENGINE]` engines that are made ready before it says hello, though no model is asked for yet;
 * `--engine-module=FILE` for tests only: a module, by absolute path, whose `engine` stands in for every engine.
 */
export const parseHostArguments = (argv: readonly string[]): HostArguments => {
  let parentPid: number | undefined
  let nice: number | undefined
  let prepare: readonly EngineName[] = []
  let engineModule: string | undefined
  for (const argument of argv) {
    const [, name, value] = /^--([a-z-]+)=(.+)$/s.exec(argument) ?? []
    if (name === "parent" && value !== undefined && /^[1-9]\d*$/.test(value)) parentPid = Number(value)
    else if (name === "nice" && value !== undefined && isNice(value)) nice = Number(value)
    else if (name === "prepare" && value?.split(",").every(isEngineName))
      prepare = value.split(",").filter(isEngineName)
    else if (name === "engine-module" && value !== undefined && isAbsolute(value)) engineModule = value
    else return wrong(`found "${argument}"`)
  }
  if (parentPid === undefined) return wrong("--parent is missing")
  return { type: "ok", parentPid, nice, prepare, engineModule }
}

const isNice = (value: string): boolean =>
  /^-?\d{1,2}$/.test(value) && Number(value) >= -20 && Number(value) <= 19

const wrong = (found: string): HostArguments => ({
  type: "wrong",
  message: `A model host takes --parent=PID [--nice=-20..19] [--prepare=ENGINE,...] [--engine-module=/absolute/path]; ${found}.`,
})
