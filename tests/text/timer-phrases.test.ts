import { describe, expect, it } from "vitest"
import { isCompletePhrase, matchPhrase } from "../../src/text/match-phrase.ts"
import type { PhraseToolCall } from "../../src/text/phrase-tool-call.ts"

const callOf = (transcript: string): PhraseToolCall | undefined => matchPhrase(transcript)?.tool
const set = (seconds: number, label?: string) => ({
  name: "set_timer",
  arguments: label === undefined ? { seconds } : { label, seconds },
})
const list = (args = {}) => ({ name: "list_timers", arguments: args })
const cancel = (args = {}) => ({ name: "cancel_timer", arguments: args })

describe("a timer is set", () => {
  it.each([
    ["Set a timer for ten minutes.", set(600)],
    ["Set a timer for 10 minutes.", set(600)],
    ["set a 5 minute timer", set(300)],
    ["Set a five-minute timer, please.", set(300)],
    ["Can you set a timer for an hour and a half?", set(5400)],
    ["Timer for an hour and a half.", set(5400)],
    ["timer, ten minutes", set(600)],
    ["Ten minute timer.", set(600)],
    ["Set timer for 90 seconds", set(90)],
    ["Set the timer to one hour thirty.", set(5400)],
    ["Start a timer for half an hour.", set(1800)],
    ["Start a half-hour timer", set(1800)],
    ["Start a minute and a half timer", set(90)],
    ["Create a timer for 2 hours and 15 minutes.", set(8100)],
    ["I need a timer for three quarters of an hour", set(2700)],
    ["Give me a 30-second timer", set(30)],
    ["Set another timer for five minutes", set(300)],
    ["Set a second timer for five minutes", set(300)],
    ["Set a new timer for five minutes", set(300)],
    ["Set an alarm for twenty minutes.", set(1200)],
    ["Set an alarm in twenty minutes from now.", set(1200)],
    ["Set a timer for ten minutes from now", set(600)],
    ["Hey Jett, set a timer for a minute and a half.", set(90)],
    ["Wake me in twenty minutes.", set(1200)],
    ["Wake me up in an hour.", set(3600)],
    ["Remind me in ten minutes", set(600)],
    ["Let me know in 45 minutes", set(2700)],
    ["Set a timer for thirty hours", set(108_000)],
    // As Moonshine tiny wrote it.
    ["Said a timer for two and a half minutes.", set(150)],
  ])("%s", (transcript, call) => {
    expect(callOf(transcript)).toEqual(call)
  })

  it.each([
    ["Set a pasta timer for eight minutes.", set(480, "pasta")],
    ["Set an egg timer for 4 minutes", set(240, "egg")],
    ["Set a ten-minute pasta timer.", set(600, "pasta")],
    ["Set the washing machine timer for one hour", set(3600, "washing machine")],
    ["Set a timer for eight minutes for the pasta", set(480, "pasta")],
    ["Set a timer for eight minutes called green tea.", set(480, "green tea")],
    ["Set a timer for the pasta for eight minutes.", set(480, "pasta")],
    ["Set a timer called pasta for eight minutes.", set(480, "pasta")],
    ["Set a five minute timer for the tea", set(300, "tea")],
  ])("with a name: %s", (transcript, call) => {
    expect(callOf(transcript)).toEqual(call)
  })

  it.each(["Set a timer.", "Set a pasta timer", "Start a timer for the pasta", "Set an alarm"])(
    "is asked for how long: %s",
    (transcript) => {
      expect(matchPhrase(transcript)).toMatchObject({ intent: "timer-how-long", tool: undefined })
    },
  )
})

describe("timers are asked about", () => {
  it.each([
    ["How long is left?", list()],
    ["How much time is left?", list()],
    ["How long is left on my timer?", list()],
    ["How long left on the timer", list()],
    ["How many minutes are left on the timer?", list()],
    ["How much time do I have left on the timer?", list()],
    ["How long is left on the pasta timer?", list({ label: "pasta" })],
    ["How long is left on the ten minute timer?", list({ seconds: 600 })],
    ["How long is left on the ten minute pasta timer?", list({ label: "pasta", seconds: 600 })],
    ["How long does the pasta timer have left?", list({ label: "pasta" })],
    ["When does the timer go off?", list()],
    ["When will my egg timer ring?", list({ label: "egg" })],
    ["Check the timer.", list()],
    ["Is the timer still running?", list()],
    ["Is the pasta timer done?", list({ label: "pasta" })],
    ["What timers are there?", list()],
    ["What timers do I have?", list()],
    ["Which timers are running?", list()],
    ["How many timers are running?", list()],
    ["List my timers.", list()],
    ["Show me all timers", list()],
    ["What are my timers?", list()],
    ["Do I have any timers running?", list()],
    ["Is there a timer running?", list()],
    ["Are there any timers?", list()],
  ])("%s", (transcript, call) => {
    expect(callOf(transcript)).toEqual(call)
  })
})

describe("a timer is cancelled", () => {
  it.each([
    ["Cancel the timer.", cancel()],
    ["Cancel timer", cancel()],
    ["Stop the timer!", cancel()],
    ["Stop the alarm.", cancel()],
    ["Turn off the alarm, please.", cancel()],
    ["Turn the timer off", cancel()],
    ["Cancel my pasta timer.", cancel({ label: "pasta" })],
    // As Moonshine tiny wrote them; which timer that is, is found out among those that there are.
    ["Cancele the pasta timer.", cancel({ label: "pasta" })],
    ["Cancel the past a timer.", cancel({ label: "past a" })],
    ["Cancel the pastor timer.", cancel({ label: "pastor" })],
    ["Cancel all-timers.", cancel({ which: "all" })],
    ["Delete the ten minute timer", cancel({ seconds: 600 })],
    ["Cancel the 10-minute pasta timer", cancel({ label: "pasta", seconds: 600 })],
    ["Cancel all timers.", cancel({ which: "all" })],
    ["Cancel all of my timers.", cancel({ which: "all" })],
    ["Stop all the timers", cancel({ which: "all" })],
    ["Cancel both timers", cancel({ which: "all" })],
    ["Clear the timers", cancel({ which: "all" })],
    ["Cancel every timer", cancel({ which: "all" })],
  ])("%s", (transcript, call) => {
    expect(callOf(transcript)).toEqual(call)
  })

  it("is never a container that happens to be called so", () => {
    const containers = [{ name: "timer", spoken: [] }]
    expect(matchPhrase("stop the timer", { containers })?.tool?.name).toBe("cancel_timer")
    expect(matchPhrase("stop the timer container", { containers })?.tool?.name).toBe("stop_container")
  })
})

describe("what only sounds like it is left to the language model", () => {
  it.each([
    "How do timers work?",
    "What is a timer?",
    "How long is a minute?",
    "How long is an hour and a half in seconds?",
    "Set the table for ten.",
    "Set the table in ten minutes",
    "Set a timer for ten.",
    "Set an alarm for seven.",
    "Set an alarm for half past seven",
    "Set an alarm for 7:30",
    "Set a timer for 2.5 minutes",
    "Set a timer for ten o'clock",
    "Set two timers for ten minutes",
    "Start a timer named room 2 b for one hour",
    "Set a timer for ten minutes and restart n8n",
    "Set a timer for a few minutes",
    "Don't set a timer for ten minutes",
    "I set a timer for ten minutes",
    "Who invented the egg timer?",
    "Why did you set a timer for ten minutes?",
    "Should I set a timer for ten minutes?",
    "Pause the timer",
    "Cancel the meeting",
    "Cancel my ten o'clock",
    "Do not cancel the timer",
    "Stop the music in ten minutes",
    "Restart the timer",
    "Ten minutes",
    "In ten minutes",
    "How long is left in the game?",
    "How long is the movie?",
    "When does the shop close?",
    "Remind me to call mum in ten minutes",
    "Wake me at seven",
    "Wake me in the morning",
    "Set a timer for our very best homemade pasta for ten minutes",
  ])("%s", (transcript) => {
    expect(matchPhrase(transcript)).toBeUndefined()
  })
})

describe("endpointing of timers", () => {
  const isComplete = (transcript: string): boolean => {
    const match = matchPhrase(transcript)
    return match !== undefined && isCompletePhrase(match, false)
  }

  it("waits where more may come that changes which timer is meant, or for how long", () => {
    for (const text of [
      "set a timer for ten minutes",
      "set a timer for an hour",
      "set a ten minute timer",
      "set a timer for one hour thirty",
      "set a timer",
      "how long is left",
      "wake me in an hour",
      "cancel",
    ])
      expect(isComplete(text), text).toBe(false)
  })

  it("does not wait where nothing more can come", () => {
    for (const text of [
      "cancel the timer",
      "cancel all timers",
      "cancel the pasta timer",
      "how long is left on my timer",
      "list my timers",
    ])
      expect(isComplete(text), text).toBe(true)
  })

  it("leaves other phrases as quick as they were", () => {
    for (const text of [
      "what time is it",
      "what is the time",
      "what is the date",
      "are you okay",
      "repeat that",
    ])
      expect(isComplete(text), text).toBe(true)
  })
})
