import type { TurnRecord } from "../../src/ports/turn.ts"

/** What a line amounts to when nothing goes wrong. */
export interface Expected {
  /** The words that count: the wake word before them is sometimes cut away. */
  readonly transcript: RegExp
  readonly route: "phrase" | "llm"
  /** Of a fixed phrase's reply; a free answer need only be one. */
  readonly reply: RegExp
}

/**
 * `right`: the answer to what was said. `said so`: it failed, and ended as failed or told the user. `unheard` and
 * `misheard`: the ear was away while the user spoke. `wrong` is the one that must not be.
 */
export const VERDICTS = ["right", "said so", "misheard", "unheard", "wrong"] as const

export type Verdict = (typeof VERDICTS)[number]

export type JudgedTurn = Pick<TurnRecord, "outcome" | "transcript" | "route" | "reply" | "heard">

const SAYS_SO =
  /^Sorry, (that took too long|something went wrong there|I didn't catch that)|because there is no language model\.$|^(There is not enough|Other programs use|The) .*memory .*the language model/

/** What became of a line that was spoken: `earStruck` says whether the ear was away for some of it. */
export const judge = (expected: Expected, turns: readonly JudgedTurn[], earStruck: boolean): Verdict => {
  if (turns.length === 0) return earStruck ? "unheard" : "wrong"
  const verdicts = turns.map((turn) => judgeTurn(expected, turn, earStruck))
  return VERDICTS.findLast((verdict) => verdicts.includes(verdict)) ?? "wrong"
}

const judgeTurn = (expected: Expected, turn: JudgedTurn, earStruck: boolean): Verdict => {
  switch (turn.outcome) {
    case "failed":
    case "timed-out":
      return "said so"
    case "no-speech":
    case "nothing-heard":
    case "silent":
      return earStruck ? "misheard" : "wrong"
    case "answered":
      break
    default:
      return "wrong"
  }
  // An answer that breaks off ends with the word that it does.
  if (SAYS_SO.test(turn.reply) || /Sorry, something went wrong there\.$/.test(turn.reply)) return "said so"
  if (!/\w/.test(turn.reply) || turn.heard === "") return "wrong"
  if (!expected.transcript.test(turn.transcript)) return earStruck ? "misheard" : "wrong"
  return turn.route === expected.route && expected.reply.test(turn.reply) ? "right" : "wrong"
}
