import { describe, expect, it } from "vitest"
import { matchPhrase } from "../../src/text/match-phrase.ts"
import {
  afterMisheardWakePhrase,
  speaksWakeWord,
  stripWakePhrase,
  wakeEvidence,
  withoutWakeWord,
} from "../../src/text/wake-phrase.ts"

describe("the wake phrase is removed", () => {
  it.each([
    // As Moonshine tiny wrote "Hey Jarvis …" spoken by six voices, clean and with noise.
    ["Hey, Jarvis,, what time is it?", "what time is it?"],
    ["Hey Jarvis what time is it?", "what time is it?"],
    ["A Jarvis restart the N8N container.", "restart the N8N container."],
    ["Hey, Jarvis!, restart the container.", "restart the container."],
    ["Hey jobbers, restart the container.", "restart the container."],
    ["Hey, Java stop.", "stop."],
    ["H. R. V. Stop.", "Stop."],
    ["Jarvis, status.", "status."],
    ["E. Jarvis, what's the time?", "what's the time?"],
    ["Be jarvis what's the time.", "what's the time."],
    ["Me, Jarvis, repeat that.", "repeat that."],
    ["Page Jarvis, good morning.", "good morning."],
    ["18. Hey, Jarvis, status report.", "status report."],
    // As it could write it.
    ["Hey Jervis stop", "stop"],
    ["Hey Travis, stop.", "stop."],
    ["hey drivers stop", "stop"],
    ["Hay Jarvice: go on", "go on"],
    ["Hey Jar vis, stop", "stop"],
    ["heyjarvis stop", "stop"],
    ["Hey Jarvis. Hey Jarvis, stop.", "stop."],
    ["Jervis, stop", "stop"],
  ])("%s", (transcript, text) => {
    expect(stripWakePhrase(transcript)).toEqual({ text, wakeOnly: false })
  })
})

describe("the wake phrase alone is told apart", () => {
  it.each([
    "Hey, Jarvis.",
    "Hey Jarvis",
    "A Jarvis!",
    "Hey jobers",
    "Jarvis?",
    "Hey Jarvis. Hey Jarvis.",
    "Hey,",
  ])("%s", (transcript) => {
    expect(stripWakePhrase(transcript)).toEqual({ text: transcript === "Hey," ? "Hey," : "", wakeOnly: true })
  })
})

describe("ordinary words are not eaten", () => {
  it.each([
    "Hey, service status.",
    "A service status.",
    "The drivers are late",
    "Travis said so",
    "He travels a lot",
    "Hey, just stop",
    "Hey there",
    "They have jars",
    "A jar of us stop.",
    "The job is done",
    "Each of us stop.",
    "Be just",
    "18 hours ago",
    "We serve us",
    "Java is an island",
    "Tell Jarvis to stop",
    "what time is it?",
    "Drive us home",
    "",
    "...",
  ])("%s", (transcript) => {
    expect(stripWakePhrase(transcript)).toEqual({ text: transcript, wakeOnly: false })
  })
})

describe("a wake phrase that was heard as other words", () => {
  /** The fixed phrase that one of the guesses leaves. */
  const guessed = (transcript: string) =>
    afterMisheardWakePhrase(transcript).find((rest) => matchPhrase(rest) !== undefined)

  it.each([
    // As Moonshine tiny wrote "Hey Jarvis …" from its beginning or from a little later, clean and at 15 dB.
    ["Ajarvis stop.", "stop."],
    ["H. Avis stop.", "stop."],
    ["Hage our vest status.", "status."],
    ["A jar of us. What can you do?", "What can you do?"],
    ["A-job is what's the time.", "what's the time."],
    ["Hey, job us, are you okay?", "are you okay?"],
    ["A. Java status.", "status."],
    ["Hey, Jabba, status,", "status,"],
    ["A. Jauvis, thank you very much.", "thank you very much."],
    ["Age Arvus, thank you very much.", "thank you very much."],
    ["Age harvest what time is it?", "what time is it?"],
    ["Age, or this repeat that.", "repeat that."],
    ["Each of us stop.", "stop."],
    ["Each service, thank you very much.", "thank you very much."],
    ["We jar this what's the time", "what's the time"],
    ["Any job is repeat that.", "repeat that."],
    ["The job is status report.", "status report."],
  ])("is perhaps removed: %s", (transcript, phrase) => {
    expect(guessed(transcript)).toBe(phrase)
  })

  it.each([
    "Hey Travis, stop.",
    "E. Travis, what can you do?",
    "Hey Charles, status.",
    "E. Charles, what day is it today?",
    "Charlotte, are you okay?",
    "E. James, what time is it?",
    "AJ Ames, are you okay?",
    "A. Jams, what can you do?",
    "Hey Jason, stop.",
    "E-Dave is what can you do?",
    "Each house, what can you do?",
    "I promise, what day is it today?",
    "Hey, service status.",
    "A service status.",
    "Hey, just stop.",
    "Don't stop.",
    "Please do not stop.",
    "Just say status.",
    "Tell me what time is it.",
    "Did she say what time is it?",
    "Which of them said thank you?",
    "",
  ])("is not found in other words: %s", (transcript) => {
    expect(guessed(transcript)).toBeUndefined()
  })
})

describe("a second look at a wake", () => {
  it.each([
    ["Hey Jarvis, what time is it?", "wake-word"],
    ["A Jarvis.", "wake-word"],
    ["Hey jobbers, go", "wake-word"],
    ["Hey, Travis,, what time is it?", "another-name"],
    ["He travers what time is it?", "another-name"],
    ["A charles come here, please.", "another-name"],
    ["H. Arles, come here", "another-name"],
    ["Hey charlotte", "another-name"],
    ["Pay Harvey, how are you?", "another-name"],
    ["E. Charles, what day is it today?", "another-name"],
    ["E-Travis, are you okay?", "another-name"],
    ["We travis what time is it.", "another-name"],
    ["Be Charlotte, what can you do?", "another-name"],
    ["Eight Charles, what can you do?", "another-name"],
    ["1. Hey Jason, what time is it?", "another-name"],
    ["10. Pay James what day is it today?", "another-name"],
    ["what time is it?", "none"],
    ["Travis is here", "none"],
    ["", "none"],
  ])("%s is evidence for: %s", (transcript, evidence) => {
    expect(wakeEvidence(transcript)).toBe(evidence)
  })
})

describe("what Jett says", () => {
  it("never holds its own wake word", () => {
    for (const text of [
      "Say “Hey, Jarvis” to wake me.",
      "Say hey jarvis.",
      "I am Jarvis.",
      "JARVIS and Jervis",
      "Jarvis's voice",
      "**Hey** *Jarvis*",
    ]) {
      expect(speaksWakeWord(text), text).toBe(true)
      expect(speaksWakeWord(withoutWakeWord(text)), withoutWakeWord(text)).toBe(false)
    }
    expect(withoutWakeWord("Say “Hey, Jarvis” to wake me.")).toBe("Say “my wake word” to wake me.")
    expect(withoutWakeWord("I am Jarvis.")).toBe("I am Jett.")
  })

  it("is left alone otherwise", () => {
    expect(speaksWakeWord("Hey, the service is up.")).toBe(false)
    expect(withoutWakeWord("Hey, the service is up.")).toBe("Hey, the service is up.")
  })
})
