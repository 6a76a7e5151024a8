import fc from "fast-check"
import { expect, it } from "vitest"
import { turnLatency } from "../../../src/actors/turn/turn-latency.ts"

it("tells where the time of a free question went", () => {
  expect(
    turnLatency({
      endOfSpeech: 1000,
      committed: 1600,
      stt: { fromMs: 1070, toMs: 1170 },
      llm: { asked: 1172, firstToken: 1300, firstClause: 1700 },
      tts: { fromMs: 1703, toMs: 1800 },
      audible: { atMs: 1802, latencyMs: 40 },
    }),
  ).toEqual({
    endpointMs: 600,
    sttMs: 100,
    firstTokenMs: 128,
    firstClauseMs: 528,
    ttsMs: 97,
    outputMs: 40,
    // 3 ms between clause and synthesis, 2 ms between synthesis and device; what is under the silence costs nothing.
    runtimeMs: 5,
    totalMs: 842,
  })
})

it("counts a typed turn from its question, and a phrase from its synthesis", () => {
  const audible = { atMs: 500, latencyMs: 10 }
  const llm = { asked: 100, firstToken: 150, firstClause: 300 }
  expect(turnLatency({ llm, tts: { fromMs: 300, toMs: 450 }, audible })).toMatchObject({
    endpointMs: undefined,
    totalMs: 410,
    runtimeMs: 50,
  })
  expect(turnLatency({ tts: { fromMs: 300, toMs: 450 }, audible }).totalMs).toBe(210)
})

it("claims nothing of what never happened", () => {
  expect(Object.values(turnLatency({})).every((value) => value === undefined)).toBe(true)
  expect(turnLatency({ endOfSpeech: 5, committed: 10 })).toMatchObject({
    endpointMs: 5,
    runtimeMs: undefined,
    totalMs: undefined,
  })
})

it("never counts a moment twice: runtime and the longest part fit into the total, whatever overlaps", () => {
  const moment = fc.integer({ min: 0, max: 3000 })
  const span = fc.tuple(moment, moment).map(([a, b]) => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) }))
  fc.assert(
    fc.property(moment, moment, span, span, (commit, audible, stt, tts) => {
      const atMs = 3000 + audible
      const found = turnLatency({
        endOfSpeech: 0,
        committed: commit,
        stt,
        tts,
        audible: { atMs, latencyMs: 0 },
      })
      const { runtimeMs = -1, totalMs = -1, sttMs = 0, ttsMs = 0, endpointMs = 0 } = found
      expect(totalMs).toBe(atMs)
      expect(runtimeMs).toBeGreaterThanOrEqual(totalMs - sttMs - ttsMs - endpointMs)
      expect(runtimeMs + Math.max(sttMs, ttsMs, endpointMs)).toBeLessThanOrEqual(totalMs)
      expect(runtimeMs).toBeGreaterThanOrEqual(0)
    }),
  )
})
