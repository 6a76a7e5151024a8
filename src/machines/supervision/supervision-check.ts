import { totalBackoffMs } from "./restart-policy.ts"
import {
  AUTO_SHUTDOWNS,
  type ChildSpec,
  PAST_INTENSITY,
  RESTARTS,
  STRATEGIES,
  type SupervisorFlags,
} from "./supervision-types.ts"

/** What is wrong with a supervisor's flags or child specs; the codes are named after those of OTP's `check_childspecs`. */
export interface InvalidSupervisor {
  readonly code:
    | "invalid_strategy"
    | "invalid_intensity"
    | "invalid_period"
    | "invalid_backoff"
    | "invalid_auto_shutdown"
    | "invalid_past_intensity"
    | "missing_id"
    | "duplicate_child_name"
    | "invalid_restart_type"
    | "invalid_shutdown"
    | "invalid_significant"
    | "invalid_start"
    | "invalid_breaker"
    | "bad_combination"
  readonly child: string | undefined
  /** What was found, what was expected, the fix. */
  readonly message: string
}

/** Flags and specs as they may come out of a file: the fields with their names, and anything in them. */
type Unchecked<T> = { readonly [K in keyof T]?: unknown }

/** Everything is checked before anything starts. The first fault found, or undefined if there is none. */
export const checkSupervisor = (
  id: string,
  flags: Unchecked<SupervisorFlags>,
  specs: readonly Unchecked<ChildSpec>[],
): InvalidSupervisor | undefined => checkFlags(id, flags) ?? checkChildren(id, flags, specs)

type Fault = readonly [code: InvalidSupervisor["code"], found: string]

const checkFlags = (id: string, flags: Unchecked<SupervisorFlags>): InvalidSupervisor | undefined => {
  const fault =
    oneOf("invalid_strategy", "strategy", flags.strategy, STRATEGIES) ??
    oneOf("invalid_past_intensity", "pastIntensity", flags.pastIntensity, PAST_INTENSITY) ??
    oneOf("invalid_auto_shutdown", "autoShutdown", flags.autoShutdown, AUTO_SHUTDOWNS) ??
    windowFault(flags) ??
    (flags.pastIntensity === "break" && flags.strategy !== "one_for_one"
      ? combination(
          `strategy ${show(flags.strategy)} with pastIntensity "break"; a group with a broken member is never whole, so use "escalate", or strategy "one_for_one"`,
        )
      : undefined)
  return fault && { code: fault[0], child: undefined, message: `Supervisor "${id}" has ${fault[1]}.` }
}

const checkChildren = (
  id: string,
  flags: Unchecked<SupervisorFlags>,
  specs: readonly Unchecked<ChildSpec>[],
): InvalidSupervisor | undefined => {
  const seen = new Set<string>()
  for (const [index, spec] of specs.entries()) {
    const child = typeof spec.id === "string" && spec.id !== "" ? spec.id : undefined
    const fault = child === undefined ? missingId(spec, index) : specFault(flags, spec, seen.has(child))
    if (fault !== undefined) {
      const whose = child === undefined ? "" : `child "${child}" has `
      return { code: fault[0], child, message: `Supervisor "${id}": ${whose}${fault[1]}.` }
    }
    if (child !== undefined) seen.add(child)
  }
  return undefined
}

const missingId = ({ id }: Unchecked<ChildSpec>, index: number): Fault => [
  "missing_id",
  `child number ${index + 1} has id ${show(id)}; expected a text that no other child has`,
]

const specFault = (
  flags: Unchecked<SupervisorFlags>,
  spec: Unchecked<ChildSpec>,
  isDuplicate: boolean,
): Fault | undefined => {
  if (isDuplicate) return ["duplicate_child_name", "the id of an earlier child; rename one of them"]
  return (
    oneOf("invalid_restart_type", "restart", spec.restart, RESTARTS) ??
    shutdownFault(spec.shutdown) ??
    oneOf("invalid_start", "start", spec.start ?? "with-supervisor", ["with-supervisor", "on-demand"]) ??
    significantFault(flags, spec) ??
    breakerFault(flags, spec)
  )
}

const shutdownFault = (shutdown: unknown): Fault | undefined =>
  shutdown === "brutal" || shutdown === "infinity" || isAtLeast(0, shutdown)
    ? undefined
    : ["invalid_shutdown", `shutdown ${show(shutdown)}; expected milliseconds from 0, "brutal" or "infinity"`]

const significantFault = (
  { autoShutdown }: Unchecked<SupervisorFlags>,
  { significant = false, restart }: Unchecked<ChildSpec>,
): Fault | undefined => {
  if (typeof significant !== "boolean") {
    return ["invalid_significant", `significant ${show(significant)}; expected true or false`]
  }
  if (!significant) return undefined
  if (autoShutdown === "never") {
    return combination(
      'significant true under autoShutdown "never", where it means nothing; set the supervisor\'s autoShutdown or drop it',
    )
  }
  return restart === "permanent"
    ? combination(
        'significant true and restart "permanent", which never ends for good; expected "transient" or "temporary"',
      )
    : undefined
}

const breakerFault = (
  flags: Unchecked<SupervisorFlags>,
  { pastIntensity, policy }: Unchecked<ChildSpec>,
): Fault | undefined => {
  const own = pastIntensity ?? flags.pastIntensity
  if (pastIntensity !== undefined) {
    const fault = oneOf("invalid_past_intensity", "pastIntensity", pastIntensity, PAST_INTENSITY)
    if (fault !== undefined) return fault
    if (flags.strategy !== "one_for_one") {
      return combination(
        `a pastIntensity of its own under strategy ${show(flags.strategy)}; only in "one_for_one" can a child break alone`,
      )
    }
  }
  if (own !== "break") return undefined
  if (!isRecord(policy)) return ["invalid_breaker", `policy ${show(policy)}; expected a restart policy`]
  const { breakerMs } = policy
  return (
    windowFault(policy) ??
    (isAtLeast(1, breakerMs)
      ? undefined
      : ["invalid_breaker", `breakerMs ${show(breakerMs)}; expected milliseconds above 0`])
  )
}

const windowFault = ({
  intensity,
  periodMs,
  backoffMs,
  maxBackoffMs,
}: {
  readonly [K in "intensity" | "periodMs" | "backoffMs" | "maxBackoffMs"]?: unknown
}): Fault | undefined => {
  if (!isAtLeast(0, intensity) || !Number.isInteger(intensity)) {
    return ["invalid_intensity", `intensity ${show(intensity)}; expected a whole number of restarts from 0`]
  }
  if (!isAtLeast(1, periodMs)) {
    return ["invalid_period", `periodMs ${show(periodMs)}; expected milliseconds from 1`]
  }
  if (!isAtLeast(0, backoffMs) || !isAtLeast(backoffMs, maxBackoffMs)) {
    return [
      "invalid_backoff",
      `backoffMs ${show(backoffMs)} and maxBackoffMs ${show(maxBackoffMs)}; expected milliseconds from 0, the second not below the first`,
    ]
  }
  const totalMs = totalBackoffMs({ intensity, periodMs, backoffMs, maxBackoffMs })
  if (totalMs < periodMs) return undefined
  return combination(
    `back-offs of ${totalMs} ms in all for ${intensity} restarts within ${periodMs} ms, so that the intensity is never passed; lower maxBackoffMs or intensity, or raise periodMs`,
  )
}

const oneOf = (
  code: InvalidSupervisor["code"],
  name: string,
  found: unknown,
  expected: readonly string[],
): Fault | undefined =>
  typeof found === "string" && expected.includes(found)
    ? undefined
    : [code, `${name} ${show(found)}; expected ${expected.map(show).join(", ")}`]

const combination = (found: string): Fault => ["bad_combination", found]

const isAtLeast = (least: number, value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= least

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const show = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : isRecord(value) ? "an object" : String(value)
