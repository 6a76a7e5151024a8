import { configuredPolicy } from "../config/configured-policy.ts"
import { suggest } from "../config/suggest.ts"
import type { Tier } from "../ports/guard.ts"
import { CONTAINER_ACTIONS, isContainerAction } from "../security/container-actions.ts"
import type { PolicyRow } from "../security/policy.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { printable, printJson, table } from "./output.ts"
import { loadSettings } from "./settings.ts"

/** `jett tools ls | explain`: the frozen table, without any engine. */
export async function run(context: CommandContext): Promise<number> {
  return context.verb === "tools explain" ? explain(context) : list(context)
}

/** What a call of each tier takes. */
const CONFIRMATIONS: Readonly<Record<Tier, "none" | "word" | "pin">> = {
  read: "none",
  own: "none",
  change: "word",
  danger: "pin",
}

const IN_WORDS = {
  none: "none",
  word: "Jett asks back, and waits for a word that it says last",
  pin: "the PIN, typed and never spoken",
} as const

function list(context: CommandContext): number {
  const { config } = loadSettings(context)
  const policy = configuredPolicy(config)
  if (context.json) {
    const containers = policy.containers.map((row) => ({
      ...row,
      actions: row.actions.map((action) => ({ action, tier: policy.tierOf(row.name, action) })),
    }))
    printJson(context, { containers })
    return ExitCode.ok
  }
  if (policy.containers.length === 0) {
    context.io.note("no container is configured: a table [containers.NAME] says what may be done to one\n")
    return ExitCode.ok
  }
  const cells = (row: PolicyRow): readonly string[] => {
    const ofTier = (tier: Tier): string =>
      row.actions.filter((action) => policy.tierOf(row.name, action) === tier).join(", ") || "-"
    return [row.name, ofTier("read"), ofTier("change"), ofTier("danger")]
  }
  const heading = ["container", "freely", "with a spoken word", "with the PIN"]
  const costs = [heading, ...policy.containers.map(cells)]
  const lengths = table(costs)
    .split("\n")
    .map(({ length }) => length)
  const room = LINE - GAP - Math.max(...lengths)
  const said = ["said as", ...policy.containers.map((row) => someOf(namesOf(row), room))]
  context.io.out(table(costs.map((row, index) => [...row, said[index] ?? ""])))
  if (config.docker.host === undefined) noteNoEngine(context)
  return ExitCode.ok
}

/** What a table may be wide, in characters, and what is between two columns. */
const LINE = 100
const GAP = 2

const namesOf = ({ spoken, aliases }: PolicyRow): readonly string[] => [spoken, ...aliases].map(printable)

/** As many of the names as there is room for, the first one at least, and how many more there are. */
function someOf(names: readonly string[], room: number): string {
  const some = (count: number): string => {
    const more = names.length - count
    return [...names.slice(0, count), ...(more === 0 ? [] : [`and ${more} more`])].join(", ")
  }
  let count = names.length
  while (count > 1 && some(count).length > room) count--
  return some(count)
}

interface Explanation {
  readonly allowed: boolean
  /** A `DenialCode`, where it is not. */
  readonly code?: "unknown-container" | "unknown-tool" | "not-permitted"
  readonly tier?: Tier
  readonly confirmation?: "none" | "word" | "pin"
  readonly why: string
}

function explain(context: CommandContext): number {
  const { config, origins, file } = loadSettings(context)
  const policy = configuredPolicy(config)
  const [container = "", action = ""] = context.args
  const row = policy.row(container)
  const tier = policy.tierOf(container, action)
  const at = origins.get(`containers.${container}.allow`)?.at ?? "its default"
  const explanation = ((): Explanation => {
    if (!isContainerAction(action)) {
      const why = `"${action}" is no action; there are ${CONTAINER_ACTIONS.join(", ")}`
      return { allowed: false, code: "unknown-tool", why }
    }
    if (row === undefined) {
      const names = policy.containers.map(({ name }) => name)
      const near = suggest(container, names)
      const hint =
        near === undefined ? `a table [containers.NAME] in ${file} would add one` : `did you mean ${near}?`
      const why = `"${container}" is not in the table, and names are compared exactly; ${hint}`
      return { allowed: false, code: "unknown-container", why }
    }
    if (tier === undefined) {
      const why = `${action} is not in containers.${container}.allow (${at}), which has ${row.actions.join(", ") || "nothing"}`
      return { allowed: false, code: "not-permitted", why }
    }
    const cost =
      tier === "read"
        ? "it changes nothing"
        : tier === "change"
          ? "it changes a container that is no database"
          : row.database
            ? "it changes a database"
            : "it ends a container"
    const confirmation = CONFIRMATIONS[tier]
    const why = `${action} is in containers.${container}.allow (${at}), and ${cost}`
    return { allowed: true, tier, confirmation, why }
  })()
  if (context.json) printJson(context, { container, action, ...explanation })
  else {
    const said = row === undefined ? [] : [["said as", namesOf(row).join(", ")]]
    context.io.out(table([...linesOf(container, action, explanation), ...said]))
  }
  if (explanation.allowed && config.docker.host === undefined) noteNoEngine(context)
  return explanation.allowed ? ExitCode.ok : ExitCode.refused
}

function linesOf(
  container: string,
  action: string,
  { allowed, code, tier, confirmation, why }: Explanation,
): readonly (readonly string[])[] {
  return [
    ["call", printable(`${action} ${container}`)],
    ["verdict", allowed ? "allowed" : `refused: ${code}`],
    ...(tier === undefined ? [] : [["tier", tier]]),
    ...(confirmation === undefined ? [] : [["confirmation", IN_WORDS[confirmation]]]),
    ["why", printable(why)],
  ]
}

const noteNoEngine = (context: CommandContext): void =>
  context.io.note("docker.host is not set: no container engine is contacted\n")
