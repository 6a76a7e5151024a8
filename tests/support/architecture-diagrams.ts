import type { AnyStateMachine } from "xstate"
import { type Chart, chartsOf } from "../../src/machines/diagram.ts"

/** A chart as Markdown: the whole open, each composite state behind a fold. */
const markdownOf = ({ name, overview, details, everywhere }: Chart): string =>
  [
    mermaid(overview),
    note(`From every state of \`${name}\``, everywhere),
    ...details.map(({ state, diagram, everywhere: exits }) =>
      [
        `<details><summary>Inside <code>${state}</code></summary>`,
        mermaid(diagram),
        note("From each of its states", exits),
        "</details>",
      ].join("\n\n"),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n")

const mermaid = (diagram: string): string => `\`\`\`mermaid\n${diagram}\n\`\`\``

const note = (where: string, exits: readonly string[]): string =>
  exits.length === 0 ? "" : `${where}: ${exits.map((exit) => `\`${exit}\``).join(", ")}.`

/** The document with what stands between `<!-- diagrams: ID -->` and `<!-- /diagrams -->` made anew from the machine. */
export const withDiagrams = (document: string, machines: readonly AnyStateMachine[]): string =>
  machines.reduce((text, machine) => {
    const section = new RegExp(`(<!-- diagrams: ${machine.id} -->)[\\s\\S]*?(<!-- /diagrams -->)`)
    if (!section.test(text))
      throw new Error(`ARCHITECTURE.md has no place for the diagrams of ${machine.id}.`)
    const charts = chartsOf(machine).map(markdownOf).join("\n\n")
    return text.replace(section, (_all, open: string, close: string) => `${open}\n\n${charts}\n\n${close}`)
  }, document)
