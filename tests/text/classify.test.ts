import { describe, expect, it } from "vitest"
import { classifyTranscript } from "../../src/text/classify.ts"
import { serverContainers as containers } from "../support/server-containers.ts"

const clear = { confidence: 0.9, voicedMs: 1000 }

describe("a transcript is", () => {
  it("noise when there was hardly any voice, whatever it says", () => {
    expect(classifyTranscript({ text: "What time is it?", confidence: 0.99, voicedMs: 199 })).toEqual({
      kind: "noise",
    })
  })

  it("noise when it is one doubtful word", () => {
    expect(classifyTranscript({ text: "You", confidence: 0.5, voicedMs: 400 }).kind).toBe("noise")
    expect(classifyTranscript({ text: "2.", confidence: 0.5, voicedMs: 400 }).kind).toBe("noise")
    expect(classifyTranscript({ text: "Status, and.", confidence: 0.57, voicedMs: 400 }).kind).toBe("free")
    expect(classifyTranscript({ text: "Paris", confidence: 0.8, voicedMs: 400 }).kind).toBe("free")
  })

  it("noise when it is a sound of the throat, however certain", () => {
    for (const text of ["Huh?", "You", "Um,", "Hmm...", "Oh!"])
      expect(classifyTranscript({ text, confidence: 0.95, voicedMs: 300 }).kind, text).toBe("noise")
    expect(classifyTranscript({ text: "Oh, you?", confidence: 0.95, voicedMs: 300 }).kind).toBe("free")
  })

  it("noise when it is a few words that the recogniser did not believe itself", () => {
    expect(classifyTranscript({ text: "You can see it.", confidence: 0.22, voicedMs: 800 }).kind).toBe(
      "noise",
    )
  })

  it("empty when it has no word", () => {
    for (const text of ["", "  ", "...", "Jett? ".slice(4)])
      expect(classifyTranscript({ text, ...clear }), text).toEqual({ kind: "empty" })
  })

  it("the wake phrase alone", () => {
    expect(classifyTranscript({ text: "Hey, Jarvis.", ...clear })).toEqual({ kind: "wake-only" })
  })

  it("a phrase, without the wake phrase before it", () => {
    expect(classifyTranscript({ text: "Hey Jarvis, stop.", ...clear })).toMatchObject({
      kind: "phrase",
      text: "stop.",
      match: { intent: "stop" },
    })
  })

  it("a phrase after a misheard wake phrase, only where the wake word is known to be there", () => {
    const heard = { text: "A jar of us, what time is it?", ...clear }
    expect(classifyTranscript({ ...heard, woken: true })).toMatchObject({
      kind: "phrase",
      text: "what time is it?",
      match: { intent: "time" },
    })
    expect(classifyTranscript(heard).kind).toBe("free")
    expect(classifyTranscript({ text: "A jar of us, how far is the moon?", ...clear, woken: true })).toEqual({
      kind: "free",
      text: "A jar of us, how far is the moon?",
    })
  })

  it("no phrase that calls a tool after a guess at the wake phrase", () => {
    const heard = { text: "A jar of us, restart postgres.", ...clear, woken: true }
    expect(classifyTranscript(heard, { containers }).kind).toBe("free")
  })

  it("a phrase even when doubtful, unless it would call a tool", () => {
    const doubtful = { confidence: 0.3, voicedMs: 600 }
    expect(classifyTranscript({ text: "Stop.", ...doubtful }).kind).toBe("phrase")
    expect(classifyTranscript({ text: "Stop postgres.", ...doubtful }, { containers }).kind).toBe(
      "low-confidence",
    )
    expect(classifyTranscript({ text: "Stop postgres.", ...clear }, { containers }).kind).toBe("phrase")
  })

  it("of low confidence, or free", () => {
    expect(classifyTranscript({ text: "There's no but", confidence: 0.39, voicedMs: 600 }).kind).toBe(
      "low-confidence",
    )
    expect(classifyTranscript({ text: "Who was Ada Lovelace?", ...clear })).toEqual({
      kind: "free",
      text: "Who was Ada Lovelace?",
    })
  })
})
