import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { makeRedactor } from "../../../src/security/redact.ts"
import { cleanUntrusted } from "../../../src/security/untrusted-text.ts"

/** Ten times as long takes ten times as long; a hundred times would be quadratic. The rest is the collector's. */
const MOST_TIMES = 30
/** Shorter times are those of compiling. */
const FLOOR_MS = 1

/** Of the processor: other programs do not count. The shortest of some runs. */
const busyMs = async (runs: number, work: () => unknown): Promise<number> => {
  let shortest = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    shortest = Math.min(shortest, (user + system) / 1_000)
  }
  return Math.max(shortest, FLOOR_MS)
}

const growth = async (chars: number, work: (length: number) => unknown): Promise<number> => {
  await work(chars)
  const short = await busyMs(3, () => work(chars))
  return (await busyMs(2, () => work(10 * chars))) / short
}

/** Each was made to begin a pattern over and over, and never to end it. */
const REDACTION_TRAPS = [
  ...[
    "password=",
    "password='x ",
    "pin: no ",
    "PASSWORD=\n",
    "<pin>",
    "secret: |\n ",
    "password: [",
    "://a:",
    "eyJ",
  ],
  ...[
    "-----BEGIN PRIVATE KEY",
    "name: 'a', value: '",
    "password is was to ",
    '\\"',
    "password=[redacted:x] ",
    "aA0/",
  ],
  ...["known-valu", "known-value"],
]

const TEXT_TRAPS = [
  ...[
    "\x1b[",
    "\x1b]0;",
    "\x9d\n",
    "[A_",
    "<|",
    "`",
    "a\u0301",
    "\u202e",
    "\r",
    "a\n",
    "2026-11-23 13:22:25",
    "\ud800",
  ],
]

describe("the time that redaction takes", () => {
  const redactor = makeRedactor({ known: ["known-value", "known-vague"] })

  it.each(REDACTION_TRAPS.map((trap) => ({ trap: JSON.stringify(trap), piece: trap })))(
    "grows with the text and no faster: $trap",
    async ({ piece }) => {
      const work = (length: number) => Effect.runPromise(redactor.redact(piece.repeat(length / piece.length)))
      expect(await growth(3_000, work)).toBeLessThan(MOST_TIMES)
    },
  )
})

describe("the time that cleaning a text takes", () => {
  const limits = { maxChars: 4_000, maxLines: 50, maxLineChars: 200 }

  it.each(TEXT_TRAPS.map((trap) => ({ trap: JSON.stringify(trap), piece: trap })))(
    "grows with the text and no faster: $trap",
    async ({ piece }) => {
      const work = (length: number) => cleanUntrusted(piece.repeat(length / piece.length), limits)
      expect(await growth(20_000, work)).toBeLessThan(MOST_TIMES)
    },
  )

  it("is no concern for a megabyte", () => {
    // A quadratic one would take hours.
    const start = performance.now()
    for (const trap of ["\x1b]", "\x1b[0;", "[a", " \n", "a b\nb a\n"])
      cleanUntrusted(trap.repeat(2 ** 20 / trap.length), limits)
    expect(performance.now() - start).toBeLessThan(15_000)
  })
})
