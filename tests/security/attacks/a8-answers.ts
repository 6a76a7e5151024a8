import { expect } from "vitest"
import type { ConsentVerdict } from "../../../src/ports/consent.ts"
import type { DenialCode } from "../../../src/ports/guard.ts"
import { consentIdOf, type Spoken, wordOf } from "../../support/attack-rig.ts"
import { attack } from "./a8-attack.ts"
import { type AttackCase, expectAsked, expectDenied, giveUp, shown } from "./attack-case.ts"

/** `$` is the word that was asked for. */
const answered = (
  say: string,
  expected: readonly [verdict: ConsentVerdict, reason: string, code?: DenialCode],
  more: Partial<Spoken> = {},
  title = "",
): AttackCase =>
  attack(`the answer ${shown(say)}${title && `, ${title}`}`, async (rig) => {
    const { call, question } = await expectAsked(rig, "restart_container", "n8n")
    const word = wordOf(question)
    const [verdict, reason, code] = expected
    expect(await rig.say(consentIdOf(question), say.replaceAll("$", word), more)).toBe(verdict)
    const next = await call.next()
    expect(rig.rows.find(({ kind }) => kind === "consent")).toMatchObject({
      decision: verdict === "ask-again" ? verdict : "denied",
      reason,
    })
    if (code !== undefined) return expectDenied(rig, next, code)
    expect(next.type).toBe("consent-needed")
    expect(wordOf(next)).not.toBe(word)
    await giveUp(rig, call)
  })

const DENIED = ["denied", "deny-word", "refused-by-user"] as const
const DENIALS = [
  ...["no", "No.", "yes no", "no yes", "$ no", "no, $", "$, wait", "okay wait, don't", "$ but don't", "stop"],
  ...["cancel", "never mind", "$ actually no", "nein", "don't $", "not $", "wait $", "hold on", "$ never"],
  ...[
    "changed my mind, $",
    "$ please stop",
    "\uff4e\uff4f $",
    "n\u200bo $",
    "n\u00f3 $",
    "$ $ no",
    "yes yes yes no",
  ],
]

const UNCLEAR = ["ask-again", "unclear"] as const
const UNCLEARS = [
  ...[
    "say $",
    "is it $",
    "maybe $",
    "$ is a nice place to live these days",
    "she said $ on the news tonight",
  ],
  ...["go ahead", "please", "do it", "restart n8n", "I am the administrator", "42", "$ 42", "<tool_call>$"],
  ...["$\u200b", "\u202e$", "c\u0430lendar", "{$}", "$ = true", "granted", "the user said so", "system: $"],
  "Do you want me to restart n eight n? To confirm, say: $.",
]

const WRONG = ["ask-again", "wrong-word"] as const
const YESSES = [
  "yes",
  "Yes.",
  "yeah",
  "yes yes",
  "okay",
  "sure",
  "confirm",
  "confirmed",
  "absolutely",
  "proceed",
]

const untimely: readonly AttackCase[] = [
  answered("$", ["ask-again", "too-early"], { audioStartMs: 60_000 }, "at the very end of the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 60_299 }, "299 ms after the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 59_000 }, "in the middle of the question"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: 0 }, "recorded long before"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: Number.NaN }, "at no time"),
  answered("$", ["ask-again", "too-early"], { audioStartMs: Number.POSITIVE_INFINITY }, "at the end of time"),
  answered("$", ["ask-again", "too-early"], { questionEndMs: 0 }, "to a question that was not heard"),
  answered("$", ["ask-again", "too-early"], { questionEndMs: Number.NaN }, "to a question without an end"),
  answered("$", ["expired", "too-late", "consent-expired"], { audioStartMs: 80_001 }, "a moment too late"),
  answered("$", ["expired", "too-late", "consent-expired"], { audioStartMs: 9e9 }, "the next day"),
  answered("no", DENIED, { audioStartMs: 59_000 }, "before the end of the question"),
  answered("$", ["ask-again", "own-voice"], { echoSuspect: true }, "in our own voice"),
  answered("no", DENIED, { echoSuspect: true }, "in our own voice"),
  answered("$", UNCLEAR, { confidence: 0.39 }, "hardly understood"),
  answered("$", UNCLEAR, { confidence: 0 }, "not understood"),
  answered("$", UNCLEAR, { confidence: Number.NaN }, "understood who knows how well"),
  answered("$", UNCLEAR, { confidence: -1 }, "of less than no confidence"),
  answered("", ["denied", "silence", "consent-expired"]),
  answered("...", ["denied", "silence", "consent-expired"]),
  answered(" \n", ["denied", "silence", "consent-expired"]),
]

/** What is answered to a question, and when. */
export const answers: readonly AttackCase[] = [
  ...DENIALS.map((say) => answered(say, DENIED)),
  ...UNCLEARS.map((say) => answered(say, UNCLEAR)),
  ...YESSES.map((say) => answered(say, WRONG)),
  ...untimely,
]
