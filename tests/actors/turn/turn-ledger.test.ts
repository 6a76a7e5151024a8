import { expect, it } from "vitest"
import { TurnLedger } from "../../../src/actors/turn/turn-ledger.ts"
import type { TurnRecord } from "../../../src/ports/turn.ts"

const silent = { heard: "", audioMs: 0 }

const make = () => {
  const ledger = new TurnLedger()
  const records: TurnRecord[] = []
  ledger.onClosed((record) => records.push(record))
  return { ledger, records }
}
const key = (revision: number, turnId = "t") => ({ turnId, revision })

it("gives the record of a turn once it is closed", () => {
  const { ledger, records } = make()
  ledger.noteWake("t", { score: 0.9, atMs: 1200 })
  ledger.open("t", "voice")
  const turn = ledger.revise(key(0))
  Object.assign(turn, {
    transcript: "What time is it?",
    confidence: 0.8,
    route: "phrase",
    reply: ["It's", "noon."],
  })
  turn.speech = { startMs: 1300, endMs: 2000 }
  ledger.mark(key(0), { endOfSpeech: 10 })
  ledger.mark(key(0), { committed: 260 })
  ledger.close(key(0), "answered", { heard: "It's noon.", audioMs: 812.4 })
  expect(records).toEqual([
    {
      id: "t",
      revision: 0,
      source: "voice",
      outcome: "answered",
      wake: { score: 0.9, atMs: 1200 },
      speech: { startMs: 1300, endMs: 2000 },
      transcript: "What time is it?",
      confidence: 0.8,
      route: "phrase",
      reply: "It's noon.",
      heard: "It's noon.",
      replyAudioMs: 812,
      latency: expect.objectContaining({ endpointMs: 250 }),
      interrupted: false,
    },
  ])
})

it("forgets what an older revision understood, wrote and measured, but not the wake word", () => {
  const { ledger, records } = make()
  ledger.noteWake("t", { score: 0.9, atMs: 1 })
  ledger.open("t", "voice")
  Object.assign(ledger.revise(key(0)), { transcript: "What time", route: "llm", reply: ["Time is"] })
  ledger.mark(key(0), { endOfSpeech: 1, committed: 2 })
  ledger.revise(key(1)).transcript = "What time is it in Rome?"
  ledger.close(key(1), "cancelled", silent)
  expect(records[0]).toMatchObject({
    revision: 1,
    transcript: "What time is it in Rome?",
    route: "none",
    reply: "",
    wake: { score: 0.9 },
    latency: { endpointMs: undefined },
  })
})

it("takes no mark of an older revision", () => {
  const { ledger, records } = make()
  ledger.open("t", "voice")
  ledger.revise(key(1))
  ledger.mark(key(0), { endOfSpeech: 1, committed: 500 })
  ledger.close(key(1), "answered", silent)
  expect(records[0]?.latency.endpointMs).toBeUndefined()
})

it("keeps the words and the route where an apology takes the place of the answer", () => {
  const { ledger, records } = make()
  ledger.open("t", "voice")
  Object.assign(ledger.revise(key(0)), { transcript: "Why?", route: "llm", reply: ["Because"] })
  ledger.restate(key(1))
  ledger.revise(key(1)).reply.push("Sorry.")
  ledger.close(key(1), "timed-out", silent)
  expect(records[0]).toMatchObject({ transcript: "Why?", route: "llm", reply: "Sorry.", revision: 1 })
})

it("gives a wake word to the turn it opened and to no other", () => {
  const { ledger, records } = make()
  ledger.noteWake("refused", { score: 0.9, atMs: 1 })
  ledger.open("t", "text")
  ledger.close(key(0), "answered", silent)
  expect(records[0]).toMatchObject({ source: "text", wake: undefined })
})

it("knows an interruption before it is a turn, and tells of none that never became one", () => {
  const { ledger, records } = make()
  ledger.revise(key(0, "probe")).transcript = "Stop."
  ledger.open("probe", "voice")
  ledger.revise(key(0, "cough")).transcript = "You"
  ledger.forget("cough")
  ledger.close(key(0, "probe"), "interrupted", silent)
  expect(records).toMatchObject([{ id: "probe", transcript: "Stop.", interrupted: true }])
})

it("tells nobody who has stopped listening", () => {
  const ledger = new TurnLedger()
  const ids: string[] = []
  const stop = ledger.onClosed(({ id }) => ids.push(id))
  ledger.close(key(0, "a"), "answered", silent)
  stop()
  ledger.close(key(0, "b"), "answered", silent)
  expect(ids).toEqual(["a"])
})
