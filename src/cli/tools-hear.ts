import { configuredPolicy } from "../config/configured-policy.ts"
import { containerNameProblem } from "../security/container-name.ts"
import { aliasProblem } from "../security/policy/policy-problems.ts"
import { spokenContainers } from "../security/spoken-containers.ts"
import { HEARING_FRAMES, type HeardAs, heardAs, nameIn } from "../text/propose-aliases.ts"
import { spokenForm } from "../text/spoken-form.ts"
import { spokenName } from "../text/spoken-name.ts"
import type { CommandContext } from "./command.ts"
import { ExitCode } from "./exit-code.ts"
import { usageFailure } from "./failure.ts"
import { type OpenSpeech, openSpeech, type Speech } from "./open-speech.ts"
import { textOption } from "./options.ts"
import { printable, printJson, table } from "./output.ts"
import { loadSettings } from "./settings.ts"

const DEFAULT_COUNT = 3
const MAX_COUNT = 50

/** One way in which the name was written down. */
interface Way {
  readonly heard: string
  readonly times: number
  readonly as: HeardAs
}

/** `jett tools hear NAME`: how the recogniser writes the name when the voice says it, and which aliases that suggests. */
export async function run(context: CommandContext, open: OpenSpeech = openSpeech): Promise<number> {
  const name = context.args[0] ?? ""
  const wrong = containerNameProblem(name)
  if (wrong !== undefined) throw usageFailure(`${JSON.stringify(name)} ${wrong}`)
  const count = countOption(context)
  const { config } = loadSettings(context)
  const policy = configuredPolicy(config)
  const spoken = policy.row(name)?.spoken ?? spokenName(name)
  const listed = spokenContainers(policy)
  const containers = policy.row(name) === undefined ? [...listed, { name, spoken: [spoken] }] : listed

  const { heard, misheard } = await hear(context, await open(config, context.signal), { spoken, count })
  const ways = [...heard]
    .map(([text, times]): Way => ({ heard: text, times, as: heardAs(text, name, containers) }))
    .sort((a, b) => b.times - a.times)
  const proposals = proposalsOf(ways)
  if (context.json) {
    printJson(context, { container: name, spoken, misheard, ways, proposals })
    return ExitCode.ok
  }
  context.io.out(table(ways.map((way) => [`${way.times}x`, printable(way.heard), inWords(way.as)])))
  if (misheard > 0) context.io.note(`${misheard}x the words around the name were misheard\n`)
  if (proposals.length === 0) context.io.note("no alias is missing\n")
  else {
    const there = config.containers.find((entry) => entry.name === name)?.aliases ?? []
    context.io.out(`\n[containers.${tomlKey(name)}]\naliases = ${JSON.stringify([...there, ...proposals])}\n`)
  }
  return ExitCode.ok
}

/** Says the name `count` times in each frame; how often it was heard in which way. */
async function hear(
  context: CommandContext,
  speech: Speech,
  { spoken, count }: { readonly spoken: string; readonly count: number },
): Promise<{ readonly heard: ReadonlyMap<string, number>; readonly misheard: number }> {
  const heard = new Map<string, number>()
  let misheard = 0
  try {
    for (const frame of HEARING_FRAMES) {
      const sentence = frame.replace("NAME", spoken)
      context.io.note(`"${sentence}"\n`)
      for (let i = 0; i < count; i++) {
        const { text } = await speech.transcribe(await speech.speak(`${sentence}.`))
        const way = nameIn(text, frame)
        if (way === undefined) misheard++
        else heard.set(way, (heard.get(way) ?? 0) + 1)
      }
    }
    return { heard, misheard }
  } finally {
    await speech.close()
  }
}

/** One of each form, the most frequent first; what is understood by its sound alone is better written down too. */
function proposalsOf(ways: readonly Way[]): readonly string[] {
  const forms = new Map<string, string>()
  for (const { heard, as } of ways) {
    const isMissing = as.type === "new" || as.type === "by-sound"
    if (isMissing && aliasProblem(heard) === undefined && !forms.has(spokenForm(heard))) {
      forms.set(spokenForm(heard), heard)
    }
  }
  return [...forms.values()]
}

function inWords(as: HeardAs): string {
  switch (as.type) {
    case "known":
      return "understood"
    case "by-sound":
      return "understood by its sound"
    case "new":
      return "not understood"
    case "taken":
      return `taken for ${as.by}`
    case "common":
      return "too common a word for a name"
  }
}

function countOption({ options }: CommandContext): number {
  const text = textOption(options, "count")
  if (text === undefined) return DEFAULT_COUNT
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count
  throw usageFailure(`--count is ${JSON.stringify(text)}; expected a whole number from 1 to ${MAX_COUNT}`)
}

const tomlKey = (name: string): string => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))
