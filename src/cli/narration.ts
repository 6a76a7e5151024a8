import type { AssistantEvent } from "../ports/assistant.ts"
import { paint, printable } from "./output.ts"

export interface NarrationOptions {
  readonly colour: boolean
  /** True on a terminal only: what was said must not end up in a journal. */
  readonly showWords: boolean
  readonly now?: () => Date
}

/** One line for a person about what happened, or undefined where there is nothing to say. */
export function narrate(
  event: AssistantEvent,
  { colour, showWords, now = () => new Date() }: NarrationOptions,
): string | undefined {
  const time = paint(colour, "dim", now().toTimeString().slice(0, 8))
  switch (event.type) {
    case "state":
      return `${time} ${paint(colour, "cyan", event.value)}`
    case "notice": {
      const mark = { info: "", warn: paint(colour, "yellow", "! "), error: paint(colour, "red", "! ") }[
        event.level
      ]
      return `${time} ${mark}${printable(event.message)}`
    }
    case "fatal":
      return `${time} ${paint(colour, "red", "gave up")}: ${printable(event.message)}`
    case "turn": {
      const words = showWords ? [said("you", event.transcript), said("jett", event.reply)] : []
      const how = [
        ...(event.route === "none" ? [] : [event.route]),
        ...(event.interrupted ? ["interrupted"] : []),
        ...(event.totalMs === undefined ? [] : [`${Math.round(event.totalMs)} ms to the first sound`]),
      ].join(", ")
      return [...words, paint(colour, "dim", how === "" ? "turn ended" : `turn ended: ${how}`)]
        .filter((line) => line !== undefined)
        .map((line) => `${time} ${line}`)
        .join("\n")
    }
  }
}

const said = (who: string, text: string | undefined): string | undefined =>
  text === undefined || text === "" ? undefined : `${who}: ${printable(text)}`
