import { describe, expect, it } from "vitest"
import { isCompletePhrase, matchPhrase } from "../../src/text/match-phrase.ts"
import { serverContainers as containers } from "../support/server-containers.ts"

const grafana = [{ name: "grafana", spoken: ["grafana"] }]

describe("a fixed phrase is understood however it is punctuated, cased or wrapped in politeness", () => {
  it.each([
    ["What time is it?", "time"],
    ["what's the time", "time"],
    ["Um, what time is it, please?", "time"],
    ["Can you tell me what time it is?", "time"],
    ["Do you know the time?", "time"],
    ["What’s the date today?", "date"],
    ["What day is it?", "date"],
    ["Stop.", "stop"],
    ["Stop! Stop!", "stop"],
    ["Okay, stop it, please.", "stop"],
    ["Shut up", "stop"],
    ["Cancel,", "cancel"],
    ["Never mind.", "cancel"],
    ["Say that again.", "repeat"],
    ["What did you say?", "repeat"],
    ["Louder, please.", "louder"],
    ["A little louder", "louder"],
    ["Turn it down.", "softer"],
    ["Mute. Mute.", "mute"],
    ["What can you do?", "capabilities"],
    ["Status.", "status"],
    ["New conversation", "new-conversation"],
    ["Hello there, Jett!", "greeting"],
    ["Thank you very much.", "thanks"],
    ["Thank you.", "thanks"],
  ])("%s → %s", (transcript, intent) => {
    expect(matchPhrase(transcript)?.intent).toBe(intent)
    expect(matchPhrase(transcript)?.tool).toBeUndefined()
  })
})

describe("a container phrase becomes a tool call", () => {
  it.each([
    ["Restart the n8n container.", "restart_container", { container: "n8n" }],
    ["Restart the N-a-n container", "restart_container", { container: "n8n" }],
    ["Restart and eight N.", "restart_container", { container: "n8n" }],
    ["stop postgres", "stop_container", { container: "postgres" }],
    ["Please start container quadrant", "start_container", { container: "qdrant" }],
    ["restart the home assistant container", "restart_container", { container: "home assistant" }],
    ["List containers.", "list_containers", {}],
    ["Which containers are running?", "list_containers", {}],
    ["Show me the logs of quadrant,", "container_logs", { container: "qdrant" }],
    ["n8n logs", "container_logs", { container: "n8n" }],
    ["Is postgres running?", "container_status", { container: "postgres" }],
    ["What's the status of the my app container?", "container_status", { container: "my app" }],
  ])("%s → %s %j", (transcript, name, args) => {
    expect(matchPhrase(transcript, { containers })?.tool).toEqual({ name, arguments: args })
  })

  it("takes the containers of the context alone", () => {
    const others = { containers: [{ name: "web-1", spoken: ["the web server"] }] }
    expect(matchPhrase("restart the web server", others)?.slots).toEqual({ container: "web-1" })
    expect(matchPhrase("restart web 1", others)?.slots).toEqual({ container: "web-1" })
    expect(matchPhrase("restart web one", others)?.slots).toEqual({ container: "web-1" })
    expect(matchPhrase("restart n8n", others)).toBeUndefined()
    expect(matchPhrase("restart n8n")).toBeUndefined()
  })

  it("takes a name that only sounds like one of the table", () => {
    for (const [transcript, name] of [
      ["Restart quadrand.", "qdrant"],
      ["Is port trainer running?", "portainer"],
      ["Show me the logs of post grass", "postgres"],
      ["restart the and ate and container", "n8n"],
    ] as const) {
      const match = matchPhrase(transcript, { containers })
      expect([transcript, match?.slots["container"], match?.question]).toEqual([transcript, name, undefined])
    }
  })

  it("asks where two containers sound alike, and hands the words on as they were heard", () => {
    const twins = [
      { name: "web-main", spoken: ["web main"] },
      { name: "web-maine", spoken: ["web maine"] },
    ]
    const match = matchPhrase("restart web mane", { containers: twins })
    expect(match?.question?.text).toBe("Did you mean web main or web maine?")
    expect(match?.tool).toEqual({ name: "restart_container", arguments: { container: "web mane" } })
  })

  it("takes a name alone as the answer to such a question, and nothing else", () => {
    const twins = [
      { name: "web-main", spoken: ["web main"] },
      { name: "web-mail", spoken: ["web mail"] },
    ]
    const asked = matchPhrase("restart the web mace container", { containers: twins })?.question
    expect(asked?.candidates).toEqual(twins)
    for (const answer of ["Web mail.", "the web mail container", "um, web mail please"]) {
      expect(matchPhrase(answer, { containers: twins, asked })?.tool, answer).toEqual({
        name: "restart_container",
        arguments: { container: "web-mail" },
      })
    }
    for (const other of ["yes", "no", "the second one", "web", "", "tell me a joke"])
      expect(matchPhrase(other, { containers: twins, asked }), other).toBeUndefined()
    expect(matchPhrase("what time is it", { containers: twins, asked })?.intent).toBe("time")
    expect(matchPhrase("stop web main", { containers: twins, asked })?.tool?.name).toBe("stop_container")
    expect(matchPhrase("web mail", { containers: twins })).toBeUndefined()
  })

  it("takes a yes where one container was named", () => {
    const asked = matchPhrase("stop the graf on her container", { containers: grafana })?.question
    expect(asked?.text).toBe("Did you mean grafana?")
    for (const answer of ["Yes.", "yes please", "grafana"])
      expect(matchPhrase(answer, { containers: grafana, asked })?.slots, answer).toEqual({
        container: "grafana",
      })
    for (const answer of ["no", "yes and no", "not that one"])
      expect(matchPhrase(answer, { containers: grafana, asked }), answer).toBeUndefined()
  })

  it("hands an unknown name on as it was heard, for the guard to refuse", () => {
    const match = matchPhrase("restart the washing machine container", { containers })
    expect(match?.tool).toEqual({ name: "restart_container", arguments: { container: "washing machine" } })
    expect(match?.question).toBeUndefined()
  })

  it("never takes an action by its sound", () => {
    for (const transcript of [
      "restar n8n",
      "restarted n8n",
      "stopped postgres",
      "stob postgres",
      "starts n8n",
    ])
      expect(matchPhrase(transcript, { containers }), transcript).toBeUndefined()
  })
})

describe("anything else is left to the language model", () => {
  it.each([
    "",
    "...",
    "What time is it in Tokyo?",
    "Stop the music",
    "Start the washing machine",
    "We start the n8n container",
    "Tell me about time",
    "Do not stop",
    "the n8n container",
    "Restart the container",
    "Restart the one two three four five container",
    "Hello, can you help me write a letter?",
  ])("%s", (transcript) => {
    expect(matchPhrase(transcript, { containers })).toBeUndefined()
  })
})

describe("endpointing", () => {
  const isComplete = (transcript: string, speaking: boolean): boolean => {
    const match = matchPhrase(transcript, { containers })
    return match !== undefined && isCompletePhrase(match, speaking)
  }
  const listening = false
  const speaking = true

  it("takes a phrase that nothing continues as complete", () => {
    for (const text of ["What time is it?", "Louder.", "list containers", "stop postgres", "never mind"])
      expect(isComplete(text, listening), text).toBe(true)
  })

  it("waits for more where another phrase or an ordinary sentence begins so", () => {
    for (const text of ["Stop.", "cancel", "status", "hello", "help", "thanks"])
      expect(isComplete(text, listening), text).toBe(false)
  })

  it("takes “stop” as complete at once while Jett speaks", () => {
    expect(isComplete("Stop.", speaking)).toBe(true)
    expect(isComplete("status", speaking)).toBe(false)
  })

  it("does not take half a phrase for a whole one", () => {
    for (const text of ["what time", "restart the", "restart the home assistant", ""])
      expect(isComplete(text, speaking), text).toBe(false)
  })
})
