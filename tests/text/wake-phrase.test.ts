import { describe, expect, it } from "vitest"
import { speaksWakeWord, stripWakePhrase, wakeEvidence, withoutWakeWord } from "../../src/text/wake-phrase.ts"

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
