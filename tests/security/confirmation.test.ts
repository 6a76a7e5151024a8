import fc from "fast-check"
import { beforeEach, describe, expect, it, test } from "vitest"
import type {
  Confirmation,
  ConfirmationDesk,
  ConfirmationRequest,
  ConfirmationVerdict,
  ConsentAnswer,
} from "../../src/ports/consent.ts"
import { CHALLENGE_WORDS } from "../../src/security/confirmation/challenge-words.ts"
import { makeConfirmationDesk } from "../../src/security/confirmation.ts"
import { seededRandom } from "../support/seeded-random.ts"

const LOCK_MS = 300_000
const QUESTION_END_MS = 5000

const request: ConfirmationRequest = {
  origin: "phrase",
  operationKey: "restart_container n8n",
  spoken: "restart n eight n",
  hash: "a1",
}
const typedRequest: ConfirmationRequest = { ...request, origin: "command-line" }

const makeDesk = (seed = 1): ConfirmationDesk => {
  const random = seededRandom(seed)
  let count = 0
  return makeConfirmationDesk({
    random: (below) => Math.floor(random() * below),
    newId: () => `consent-${++count}`,
    lockMs: LOCK_MS,
  })
}

const wordOf = ({ question }: Confirmation): string => /say: (\w+)\.$/.exec(question)?.[1] ?? ""

type Spoken = Extract<ConsentAnswer, { readonly type: "spoken" }>

/** A clear answer, half a second after the question. */
const spoken = (consentId: string, transcript: string, changes: Partial<Spoken> = {}): Spoken => ({
  type: "spoken",
  consentId,
  transcript,
  confidence: 0.95,
  questionEndMs: QUESTION_END_MS,
  audioStartMs: QUESTION_END_MS + 500,
  echoSuspect: false,
  ...changes,
})

let desk: ConfirmationDesk
beforeEach(() => {
  desk = makeDesk()
})

/** Opens a question that has to open. */
const open = (nowMs = 0, asked = request): Confirmation => {
  const confirmation = desk.open(asked, nowMs)
  if (confirmation === undefined) throw new Error("the question was not opened")
  return confirmation
}

/** The question that came with a verdict that has to be "ask again". */
const askedAgain = (verdict: ConfirmationVerdict): Confirmation => {
  if (verdict.type !== "ask-again") throw new Error(`expected ask-again, got ${JSON.stringify(verdict)}`)
  return verdict.confirmation
}

const say = (confirmation: Confirmation, transcript: string, nowMs: number, changes: Partial<Spoken> = {}) =>
  desk.judge(spoken(confirmation.consentId, transcript, changes), nowMs)

const granted = { type: "granted", hash: "a1" }
const denied = (reason: string) => ({ type: "denied", reason })
const failed: ConfirmationVerdict = { type: "denied", reason: "not-pending" }

describe("the question", () => {
  test("reads the operation back and names the word last", () => {
    const { question, expiresInMs } = open()
    expect(question).toMatch(/^Do you want me to restart n eight n\? To confirm, say: [a-z]+\.$/)
    expect(expiresInMs).toBe(20_000)
  })

  test("has a word of the list, and none that was asked for lately", () => {
    const words: string[] = []
    for (let i = 0; i < 500; i++) {
      const confirmation = open(i)
      words.push(wordOf(confirmation))
      desk.close(confirmation.consentId)
    }
    const known = new Set(CHALLENGE_WORDS.map(({ word }) => word))
    expect(new Set(words)).toEqual(known)
    const rests = Math.floor(CHALLENGE_WORDS.length / 2)
    for (const [at, word] of words.entries()) {
      expect(words.slice(Math.max(0, at - rests), at)).not.toContain(word)
    }
  })

  test("never has a word that it gives away before its end", () => {
    const [first, second] = CHALLENGE_WORDS.map(({ word }) => word)
    for (let i = 0; i < 100; i++) {
      const confirmation = open(i, { ...request, spoken: `restart ${first} ${second}` })
      expect([first, second]).not.toContain(wordOf(confirmation))
      desk.close(confirmation.consentId)
    }
  })

  test("is chosen by the system's secure generator where no other is given", () => {
    const words = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const confirmation = makeConfirmationDesk().open(request, 0)
      words.add(confirmation === undefined ? "" : wordOf(confirmation))
    }
    // The chance that 200 draws of 16 words or more give fewer than 4 different ones is below 10^-100.
    expect(words.size).toBeGreaterThanOrEqual(4)
  })
})

describe("an answer", () => {
  test("that is the word grants what was asked, once", () => {
    const confirmation = open()
    const answer = spoken(confirmation.consentId, wordOf(confirmation))
    expect(desk.judge(answer, 6000)).toEqual(granted)
    expect(desk.judge(answer, 6001)).toEqual(denied("not-pending"))
    expect(desk.isPending(6001)).toBe(false)
  })

  test("grants what was read back, whatever becomes of the request afterwards", () => {
    const mutable = { ...request }
    const confirmation = open(0, mutable)
    mutable.hash = "b2"
    mutable.spoken = "stop postgres"
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(granted)
  })

  test.each(["no", "okay wait, don't", "stop", "never mind"])("%j denies", (transcript) => {
    expect(say(open(), transcript, 6000)).toEqual(denied("deny-word"))
    expect(desk.isPending(6000)).toBe(false)
    expect(desk.open(request, 6001)).toBeDefined()
  })

  test("with the word and a refusal denies", () => {
    const confirmation = open()
    expect(say(confirmation, `${wordOf(confirmation)}, no`, 6000)).toEqual(denied("deny-word"))
  })

  test("of silence denies, as the conversation reports it", () => {
    const changes = { audioStartMs: 0, confidence: 0 }
    expect(say(open(), "", 26_000, changes)).toEqual(denied("silence"))
  })

  test("of yes asks again for another word, and the first word is wrong then", () => {
    const first = open()
    const again = desk.judge(spoken(first.consentId, "yes"), 6000)
    expect(again).toMatchObject({ type: "ask-again", reason: "wrong-word" })
    const second = askedAgain(again)
    expect(second.consentId).not.toBe(first.consentId)
    expect(wordOf(second)).not.toBe(wordOf(first))
    // A recording of the first answer.
    const replayed = say(second, wordOf(first), 12_000)
    expect(replayed).toMatchObject({ type: "ask-again", reason: "wrong-word" })
    const third = askedAgain(replayed)
    expect(say(third, wordOf(third), 18_000)).toEqual(granted)
  })

  test("for the first question does not count for the one that was asked again", () => {
    const first = open()
    const second = askedAgain(say(first, "what?", 6000))
    expect(say(first, wordOf(second), 7000)).toEqual(denied("not-pending"))
    expect(say(second, wordOf(second), 8000)).toEqual(granted)
  })

  test("for an unknown question changes nothing", () => {
    const confirmation = open()
    expect(desk.judge(spoken("another", wordOf(confirmation)), 6000)).toEqual(denied("not-pending"))
    expect(desk.isPending(6000)).toBe(true)
    expect(say(confirmation, wordOf(confirmation), 6001)).toEqual(granted)
  })

  test.each([0.1, 0.39, Number.NaN])("of confidence %d asks again", (confidence) => {
    const confirmation = open()
    const verdict = say(confirmation, wordOf(confirmation), 6000, { confidence })
    expect(verdict).toMatchObject({ type: "ask-again", reason: "unclear" })
  })

  test("that was not understood says so before the question", () => {
    const verdict = say(open(), "I was dancing yesterday", 6000)
    expect(askedAgain(verdict).question).toMatch(
      /^I did not get that\. Do you want me to restart n eight n\? To confirm, say: /,
    )
  })
})

describe("time", () => {
  test.each([
    [-1000, "ask-again"],
    [0, "ask-again"],
    [299, "ask-again"],
    [300, "granted"],
    [20_000, "granted"],
    [20_001, "denied"],
  ])("an answer that begins %d ms after the question's end is %s", (afterMs, type) => {
    const confirmation = open()
    const audioStartMs = QUESTION_END_MS + afterMs
    expect(say(confirmation, wordOf(confirmation), 30_000, { audioStartMs }).type).toBe(type)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "an answer that begins at %d is no consent",
    (audioStartMs) => {
      const confirmation = open()
      expect(say(confirmation, wordOf(confirmation), 6000, { audioStartMs }).type).toBe("ask-again")
    },
  )

  test("the word is no consent where the question was not heard", () => {
    const confirmation = open()
    const verdict = say(confirmation, wordOf(confirmation), 6000, { questionEndMs: 0, audioStartMs: 900 })
    expect(verdict).toMatchObject({ type: "ask-again", reason: "too-early" })
  })

  test("an early yes asks once more without being a failure, a second one is one", () => {
    const early = { audioStartMs: QUESTION_END_MS - 100 }
    const first = say(open(), "yes", 1000, early)
    expect(first).toMatchObject({ type: "ask-again", reason: "too-early" })
    const second = say(askedAgain(first), "yes", 2000, early)
    expect(second).toMatchObject({ type: "ask-again", reason: "too-early" })
    const third = say(askedAgain(second), "yes", 3000, early)
    expect(third).toMatchObject({ type: "ask-again", reason: "too-early" })
    expect(say(askedAgain(third), "yes", 4000, early)).toEqual(denied("too-many-failures"))
  })

  test("an early refusal counts", () => {
    expect(say(open(), "no", 1000, { audioStartMs: QUESTION_END_MS - 100 })).toEqual(denied("deny-word"))
  })

  test("a question expires by itself, and another one may be asked then", () => {
    const confirmation = open(1000)
    expect(desk.isPending(66_000)).toBe(true)
    expect(desk.open(request, 66_000)).toBeUndefined()
    expect(desk.isPending(66_001)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), 66_001)).toEqual(denied("too-late"))
    expect(desk.open(request, 66_002)).toBeDefined()
  })

  test("an answer has as long as is configured, spoken and typed", () => {
    desk = makeConfirmationDesk({ answerWithinMs: 8000 })
    const first = open()
    expect(first.expiresInMs).toBe(8000)
    const late = { audioStartMs: QUESTION_END_MS + 8001 }
    expect(say(first, wordOf(first), 20_000, late)).toEqual(denied("too-late"))
    const { consentId } = open(0, typedRequest)
    expect(desk.judge({ type: "typed", consentId, text: "x" }, 8001)).toEqual(denied("too-late"))
  })

  test.each([Number.NaN, 999])("a clock that says %d lets nothing through", (nowMs) => {
    const confirmation = open(1000)
    expect(desk.isPending(nowMs)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), nowMs)).toEqual(denied("too-late"))
  })
})

describe("our own voice", () => {
  test("is never consent, and asks once more without being a failure", () => {
    let confirmation = open()
    for (let failure = 0; failure < 3; failure++) {
      const verdict = say(confirmation, wordOf(confirmation), 6000, { echoSuspect: true })
      expect(verdict).toMatchObject({ type: "ask-again", reason: "own-voice" })
      confirmation = askedAgain(verdict)
    }
    const last = say(confirmation, wordOf(confirmation), 6000, { echoSuspect: true })
    expect(last).toEqual(denied("too-many-failures"))
  })

  test("does not hide a refusal", () => {
    expect(say(open(), "no, stop", 6000, { echoSuspect: true })).toEqual(denied("deny-word"))
  })
})

describe("the channel", () => {
  const typed = (confirmation: Confirmation, text: string): ConsentAnswer => ({
    type: "typed",
    consentId: confirmation.consentId,
    text,
  })

  test("a typed word confirms what was asked for on the command line", () => {
    const confirmation = open(0, typedRequest)
    expect(desk.judge(typed(confirmation, wordOf(confirmation)), 20_000)).toEqual(granted)
  })

  test("a typed answer has 20 s", () => {
    const confirmation = open(0, typedRequest)
    expect(desk.judge(typed(confirmation, wordOf(confirmation)), 20_001)).toEqual(denied("too-late"))
  })

  test.each(["phrase", "model"] as const)("a typed word is no answer to a %s", (origin) => {
    const confirmation = open(0, { ...request, origin })
    expect(desk.judge(typed(confirmation, wordOf(confirmation)), 6000)).toEqual(denied("wrong-channel"))
    expect(say(confirmation, wordOf(confirmation), 6001)).toEqual(denied("not-pending"))
  })

  test("a spoken word is no answer to the command line", () => {
    const confirmation = open(0, typedRequest)
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(denied("wrong-channel"))
  })

  test("a typed refusal denies, a typed yes asks again", () => {
    expect(desk.judge(typed(open(0, typedRequest), "no"), 1000)).toEqual(denied("deny-word"))
    expect(desk.judge(typed(open(0, typedRequest), "yes"), 1000).type).toBe("ask-again")
  })
})

describe("one at a time", () => {
  test("nothing else is asked while a question is pending, another operation neither", () => {
    const confirmation = open()
    expect(desk.open(request, 100)).toBeUndefined()
    expect(desk.open({ ...request, operationKey: "other", hash: "b2" }, 100)).toBeUndefined()
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(granted)
    expect(desk.open(request, 6001)).toBeDefined()
  })

  test("a question that is closed is not pending, and its word is worth nothing", () => {
    const confirmation = open()
    desk.close("another")
    expect(desk.isPending(1)).toBe(true)
    desk.close(confirmation.consentId)
    expect(desk.isPending(1)).toBe(false)
    expect(say(confirmation, wordOf(confirmation), 6000)).toEqual(denied("not-pending"))
  })
})

describe("three failures", () => {
  /** Fails at once, starting from a new question where none is left. */
  const failTimes = (times: number, nowMs: number, asked = request): ConfirmationVerdict | undefined => {
    let verdict: ConfirmationVerdict | undefined
    for (let i = 0; i < times; i++) {
      const confirmation = verdict?.type === "ask-again" ? verdict.confirmation : open(nowMs, asked)
      verdict = say(confirmation, "yes", nowMs)
    }
    return verdict
  }

  test("lock the operation for a while, and no other", () => {
    expect(failTimes(3, 1000)).toEqual(denied("too-many-failures"))
    expect(desk.isPending(1000)).toBe(false)
    expect(desk.lockedMs(request.operationKey, 1000)).toBe(LOCK_MS)
    expect(desk.open(request, 1000 + LOCK_MS - 1)).toBeUndefined()
    expect(desk.lockedMs("other", 1000)).toBe(0)
    const other = open(1001, { ...request, operationKey: "other" })
    desk.close(other.consentId)
    expect(desk.lockedMs(request.operationKey, 1000 + LOCK_MS)).toBe(0)
    expect(desk.open(request, 1000 + LOCK_MS)).toBeDefined()
  })

  test("count over several questions, whoever asks and whatever the turn", () => {
    const second = failTimes(2, 1000)
    desk.close(second === undefined ? "" : askedAgain(second).consentId)
    const verdict = failTimes(1, 2000, { ...request, hash: "b2", origin: "model" })
    expect(verdict).toEqual(denied("too-many-failures"))
  })

  test("are counted anew after the lock, after a success, and after a long time", () => {
    failTimes(3, 0)
    expect(failTimes(2, LOCK_MS)?.type).toBe("ask-again")
    desk = makeDesk()
    const confirmation = askedAgain(failTimes(2, 0) ?? failed)
    expect(say(confirmation, wordOf(confirmation), 1)).toEqual(granted)
    expect(failTimes(2, 2)?.type).toBe("ask-again")
    desk = makeDesk()
    desk.close(askedAgain(failTimes(2, 0) ?? failed).consentId)
    expect(failTimes(1, LOCK_MS)?.type).toBe("ask-again")
  })

  test("are no refusals and no silences", () => {
    for (let i = 0; i < 10; i++) {
      say(open(i), i % 2 === 0 ? "no" : "", i)
    }
    expect(desk.lockedMs(request.operationKey, 10)).toBe(0)
  })
})

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
        desk = makeDesk()
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
        expect(desk.lockedMs(request.operationKey, 1000)).toBe(LOCK_MS)
      }),
      { numRuns: 300 },
    )
  })
})
