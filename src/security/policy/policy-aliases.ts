import { knownContainer } from "../../text/known-containers.ts"
import { spokenForm } from "../../text/spoken-form.ts"
import { spokenName } from "../../text/spoken-name.ts"
import type { ContainerEntry } from "./container-entry.ts"

type NamedAloud = Pick<ContainerEntry, "name" | "aliases" | "spoken">

/** The ways of saying a container that its configuration gives: its name, how it is spoken, its aliases. */
export const claimedBy = (entry: NamedAloud): readonly string[] => [
  entry.name,
  entry.spoken ?? spokenName(entry.name),
  ...(entry.aliases ?? []),
]

/**
 * The configured aliases and then the well-known ones of that name, each once, without those that are how the
 * container is called anyway. A well-known one gives way to whoever claims it.
 */
export function aliasesOf(entry: NamedAloud, entries: readonly NamedAloud[]): string[] {
  const others = entries.filter((other) => other !== entry).flatMap(claimedBy)
  const known = knownContainer(entry.name)
  const wellKnown = known === undefined ? [] : [known.spoken, ...known.aliases]
  const taken = new Set(others.map(spokenForm))
  const seen = new Set([entry.name, entry.spoken ?? spokenName(entry.name)].map(spokenForm))
  const aliases: string[] = []
  const add = (alias: string): void => {
    if (seen.has(spokenForm(alias))) return
    seen.add(spokenForm(alias))
    aliases.push(alias)
  }
  for (const alias of entry.aliases ?? []) add(alias)
  for (const alias of wellKnown) if (!taken.has(spokenForm(alias))) add(alias)
  return aliases
}
