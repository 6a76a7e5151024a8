import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Confirmation, ConfirmationVerdict } from "../../src/ports/consent.ts"
import {
  confirmationRig,
  LOCK_MS,
  makeDesk,
  QUESTION_END_MS,
  request,
  spoken,
} from "../support/confirmation-rig.ts"
import { denied, wordOf } from "../support/confirmation-verdicts.ts"

const rig = confirmationRig()
const { open, say } = rig

describe("whatever happens in whatever order", () => {
  const KEYS = ["restart n8n", "start qdrant"] as const
  const step = fc.oneof(
    fc.record({
      do: fc.constant("open" as const),
      key: fc.constantFrom(...KEYS),
      typed: fc.boolean(),
      hash: fc.nat(9),
    }),
    fc.record({
      do: fc.constant("answer" as const),
      /** How many questions ago; 0 is the last one. */
      ago: fc.constantFrom(0, 0, 0, 0, 1, 2),
      typed: fc.constantFrom(false, false, false, true),
      text: fc.constantFrom("word", "word", "word", "word, no", "old word", "yes", "no", "", "what?"),
      afterMs: fc.constantFrom(500, 500, 500, 300, 299, -50, 20_000, 20_001),
      confidence: fc.constantFrom(0.95, 0.95, 0.95, 0.2),
      echoSuspect: fc.constantFrom(false, false, false, true),
    }),
    fc.record({ do: fc.constant("close" as const), ago: fc.constantFrom(0, 1) }),
    fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(10, 1000, 10_000, 30_000, 70_000, 300_000),
    }),
  )

  interface Asked {
    readonly confirmation: Confirmation
    readonly key: string
    readonly typed: boolean
    readonly hash: string
    readonly atMs: number
    over: boolean
  }

  it("only the word of the one pending question, in time and by its own channel, grants, once and its own hash", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, seed) => {
        const subject = makeDesk(seed)
        const asked: Asked[] = []
        const locks = new Map<string, number>()
        let nowMs = 0
        const isOpen = (one: Asked) => !one.over && nowMs - one.atMs <= (one.typed ? 20_000 : 65_000)
        const note = (confirmation: Confirmation, about: Omit<Asked, "confirmation" | "atMs" | "over">) => {
          expect(asked.map((one) => one.confirmation.consentId)).not.toContain(confirmation.consentId)
          asked.push({ ...about, confirmation, atMs: nowMs, over: false })
        }
        for (const action of steps) {
          nowMs += 1
          if (action.do === "wait") nowMs += action.ms
          if (action.do === "close") {
            const one = asked.at(-1 - action.ago)
            subject.close(one?.confirmation.consentId ?? "none")
            if (one !== undefined) one.over = true
          }
          if (action.do === "open") {
            const { key, typed } = action
            const hash = String(action.hash)
            const before = asked.filter(isOpen)
            const locked = (locks.get(key) ?? 0) > nowMs
            const confirmation = subject.open(
              { origin: typed ? "command-line" : "phrase", operationKey: key, spoken: key, hash },
              nowMs,
            )
            expect(confirmation !== undefined).toBe(before.length === 0 && !locked)
            if (confirmation !== undefined) note(confirmation, { key, typed, hash })
          }
          if (action.do === "answer") {
            const one = asked.at(-1 - action.ago)
            if (one === undefined) continue
            const wasOpen = isOpen(one)
            const word = wordOf(one.confirmation)
            const old = asked.at(-2 - action.ago)
            const text = action.text
              .replace("old word", old === undefined ? "nothing" : wordOf(old.confirmation))
              .replace("word", word)
            const { consentId } = one.confirmation
            const verdict = subject.judge(
              action.typed
                ? { type: "typed", consentId, text }
                : spoken(consentId, text, {
                    audioStartMs: QUESTION_END_MS + action.afterMs,
                    confidence: action.confidence,
                    echoSuspect: action.echoSuspect,
                  }),
              nowMs,
            )
            const inTime = action.afterMs >= 300 && action.afterMs <= 20_000
            const heardWell = inTime && action.confidence > 0.5 && !action.echoSuspect
            const agrees =
              wasOpen && action.typed === one.typed && text === word && (action.typed || heardWell)
            expect({ agrees: verdict.type === "granted", hash: one.hash }).toEqual({
              agrees,
              hash: verdict.type === "granted" ? verdict.hash : one.hash,
            })
            if (wasOpen) one.over = true
            if (verdict.type === "ask-again") {
              expect(wasOpen).toBe(true)
              expect(wordOf(verdict.confirmation)).not.toBe(word)
              note(verdict.confirmation, one)
            }
            if (verdict.type === "denied" && verdict.reason === "too-many-failures") {
              locks.set(one.key, nowMs + LOCK_MS)
            }
          }
          expect(subject.isPending(nowMs)).toBe(asked.some(isOpen))
          expect(asked.filter(isOpen).length).toBeLessThanOrEqual(1)
          for (const key of KEYS) {
            expect(subject.lockedMs(key, nowMs)).toBe(Math.max(0, (locks.get(key) ?? 0) - nowMs))
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it("nobody has more than five tries before the operation is locked, whatever is answered but refusals", () => {
    const wrong = fc.record({
      transcript: fc.constantFrom("yes", "what?", "word"),
      early: fc.boolean(),
      echoSuspect: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(wrong, { minLength: 5, maxLength: 5 }), (answers) => {
        rig.desk = makeDesk()
        let verdict: ConfirmationVerdict = { type: "ask-again", reason: "unclear", confirmation: open() }
        for (const { transcript, early, echoSuspect } of answers) {
          if (verdict.type !== "ask-again") break
          const { confirmation }: { confirmation: Confirmation } = verdict
          const isWord = transcript === "word"
          verdict = say(confirmation, isWord ? wordOf(confirmation) : transcript, 1000, {
            audioStartMs: QUESTION_END_MS + (early || isWord ? 0 : 500),
            echoSuspect,
          })
        }
        expect(verdict).toEqual(denied("too-many-failures"))
        expect(rig.desk.lockedMs(request.operationKey, 1000)).toBe(LOCK_MS)
      }),
      { numRuns: 300 },
    )
  })
})
