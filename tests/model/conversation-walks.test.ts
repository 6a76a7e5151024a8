import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { createActor, type EventObject, fromCallback } from "xstate"
import { AudioClock } from "../../src/audio/audio-clock.ts"
import { msToSamples } from "../../src/audio/format.ts"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import {
  type AnswerInput,
  type ConsentInput,
  type ConversationEvent,
  type ConversationSettings,
  defaultConversationSettings,
} from "../../src/machines/conversation/conversation-types.ts"
import { alphabet, type ConversationSnapshot, rumours } from "./conversation-alphabet.ts"
import { afterCommand, afterEvent, emptyBook, type LawBook } from "./conversation-laws.ts"
import { dialogueOf, isAtRest, lawsBrokenIn } from "./conversation-model.ts"

/** One step of a walk; `pick` chooses among what is possible when it is taken. */
type Step =
  | { readonly do: "event" | "anything"; readonly pick: number; readonly twice: boolean }
  | { readonly do: "answer" | "rumour"; readonly pick: number }
  | { readonly do: "again"; readonly pick: number }
  | { readonly do: "wait"; readonly ms: number }

const seed = Number(process.env["JETT_SEED"] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env["JETT_WALKS"] ?? 1000)

/** Of about two dozen leaves; which of the rare ones come up depends on the seed (the paths test reaches every one). */
const LEAST_LEAVES = 15

/** Longer than all deadlines of one turn together. */
const LONG_MS = 600_000

const rarely = () => fc.nat(9).map((n) => n === 0)
const waits = () => fc.constantFrom(1, 64, 250, 350, 600, 700, 1500, 6000, 10_000, 20_000, 30_000)
const pick = fc.nat(1_000_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ do: fc.constant("answer" as const), pick }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("event" as const), pick, twice: rarely() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("anything" as const), pick, twice: rarely() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("rumour" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: waits() }) },
)
const walk = fc.record({
  steps: fc.array(step, { maxLength: 60, size: "max" }),
  echoCancelled: fc.boolean(),
  followUp: fc.constantFrom("never", "question", "always"),
})

/** The real machine on the audio clock, with the laws' book kept at every transition. */
const walker = (settings: Partial<ConversationSettings>, echoCancelled: boolean) => {
  const clock = new AudioClock()
  const answering = new Set<string>()
  let mostAnswering = 0
  let book: LawBook = emptyBook
  const machine = conversationMachine.provide({
    actors: {
      answerTurn: fromCallback<EventObject, AnswerInput>(({ input }) => {
        const name = `${input.turnId}/${input.revision}`
        answering.add(name)
        mostAnswering = Math.max(mostAnswering, answering.size)
        return () => answering.delete(name)
      }),
      judgeConsent: fromCallback<EventObject, ConsentInput>(() => undefined),
    },
  })
  const actor = createActor(machine, {
    clock,
    input: { settings: { ...defaultConversationSettings, ...settings }, echoCancelled },
  })
  actor.on("*", (command) => {
    book = afterCommand(book, command)
  })
  actor.subscribe((snapshot) => {
    book = { ...book, broken: [...book.broken, ...lawsBrokenIn(snapshot, book)] }
  })
  actor.start()
  return {
    actor,
    answering,
    mostAnswering: () => mostAnswering,
    broken: () => book.broken,
    send: (event: ConversationEvent) => {
      book = afterEvent(book, event)
      actor.send(event)
    },
    wait: (ms: number) => clock.advanceTo(msToSamples(clock.now() + ms)),
  }
}

/** A turn's name belongs to one turn for ever: whoever opens turns makes it. */
const namesATurn = (event: ConversationEvent): boolean => "turnId" in event && !("revision" in event)

/** What ends a turn from outside; taken too often, no walk would get far. */
const abrupt: readonly ConversationEvent["type"][] = ["user.cancel", "user.mute", "speaker.stalled"]

const choicesOf = (
  what: Exclude<Step["do"], "wait">,
  snapshot: ConversationSnapshot,
  fresh: { readonly turnId: string; readonly consentId: string },
  sent: readonly ConversationEvent[],
): readonly ConversationEvent[] => {
  switch (what) {
    case "event":
      return alphabet(snapshot, fresh).filter((event) => !abrupt.includes(event.type) && snapshot.can(event))
    case "answer":
      return alphabet(snapshot, fresh).filter((event) => "revision" in event && snapshot.can(event))
    case "anything":
      return alphabet(snapshot, fresh)
    case "rumour":
      return rumours(snapshot, fresh.consentId)
    case "again":
      return sent.filter((event) => !namesATurn(event))
  }
}

/** A type first, then an event of it: types with many variants would crowd out the others. */
const chosen = (choices: readonly ConversationEvent[], pick: number): ConversationEvent | undefined => {
  const types = [...new Set(choices.map(({ type }) => type))]
  const variants = choices.filter(({ type }) => type === types[pick % types.length])
  return variants[Math.floor(pick / types.length) % variants.length]
}

const take = (subject: ReturnType<typeof walker>, steps: readonly Step[]): readonly string[] => {
  const sent: ConversationEvent[] = []
  const route: string[] = []
  const give = (event: ConversationEvent | undefined): void => {
    if (event === undefined) return
    sent.push(event)
    route.push(JSON.stringify(event))
    subject.send(event)
  }
  for (const [index, one] of steps.entries()) {
    const snapshot = subject.actor.getSnapshot()
    const fresh = { turnId: `t${index}`, consentId: `c${index}` }
    if (one.do === "wait") {
      route.push(`${one.ms} ms`)
      subject.wait(one.ms)
    } else {
      const event = chosen(choicesOf(one.do, snapshot, fresh, sent), one.pick)
      give(event)
      if ("twice" in one && one.twice) give(event)
    }
    if (subject.broken().length > 0) break
  }
  return route
}

describe(`random walks of the conversation (seed ${seed})`, { timeout: 600_000 }, () => {
  it("keep every law, whatever comes late, twice or out of order, and end by themselves", () => {
    const visited = new Map<string, number>()
    fc.assert(
      fc.property(walk, ({ steps, echoCancelled, followUp }) => {
        const subject = walker({ followUp }, echoCancelled)
        subject.actor.subscribe((snapshot) => {
          const dialogue = dialogueOf(snapshot)
          visited.set(dialogue, (visited.get(dialogue) ?? 0) + 1)
        })
        const route = take(subject, steps)
        const story = route.join("\n  ")
        expect(subject.broken(), story).toEqual([])
        expect(subject.mostAnswering(), story).toBeLessThanOrEqual(2)
        subject.wait(LONG_MS)
        expect(subject.broken(), story).toEqual([])
        expect(isAtRest(subject.actor.getSnapshot()), story).toBe(true)
        expect([...subject.answering], story).toEqual([])
        subject.actor.stop()
      }),
      { seed, numRuns },
    )
    // A walk that never gets anywhere would prove nothing.
    expect(visited.size).toBeGreaterThanOrEqual(LEAST_LEAVES)
  })

  it("end at once when the user cancels, with nothing left running", () => {
    fc.assert(
      fc.property(walk, ({ steps, echoCancelled, followUp }) => {
        const subject = walker({ followUp }, echoCancelled)
        const story = take(subject, steps).join("\n  ")
        subject.send({ type: "user.cancel" })
        const snapshot = subject.actor.getSnapshot()
        expect(dialogueOf(snapshot), story).toBe(snapshot.context.muted ? "muted" : "listening")
        expect([...subject.answering], story).toEqual([])
        expect(subject.broken(), story).toEqual([])
        subject.actor.stop()
      }),
      { seed, numRuns: Math.ceil(numRuns / 3) },
    )
  })
})
