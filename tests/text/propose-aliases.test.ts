import { expect, test } from "vitest"
import { matchPhrase } from "../../src/text/match-phrase.ts"
import { HEARING_FRAMES, heardAs, nameIn } from "../../src/text/propose-aliases.ts"
import { serverContainers } from "../support/server-containers.ts"

test.each([
  ["Quad Rant.", "NAME", "quad rant"],
  ["Restart the quiverant container.", "restart the NAME container", "quiverant"],
  ["Is N A in running?", "is NAME running", "n a in"],
  ["What's the status of n8n?", "what is the status of NAME", "n 8 n"],
  ["His posters running.", "is NAME running", undefined],
  ["We start the truthic container.", "restart the NAME container", undefined],
  ["Restart the container.", "restart the NAME container", undefined],
])("of %j in %j the name is %j", (transcript, frame, name) => {
  expect(nameIn(transcript, frame)).toBe(name)
})

test("every frame is a sentence from which the name comes back, and all but the bare name are phrases", () => {
  for (const frame of HEARING_FRAMES) {
    const sentence = frame.replace("NAME", "quadrant")
    expect(nameIn(sentence, frame)).toBe("quadrant")
    const match = matchPhrase(sentence, { containers: serverContainers })
    expect(match?.slots["container"]).toBe(frame === "NAME" ? undefined : "qdrant")
  }
})

test.each([
  ["n 8 n", { type: "known" }],
  ["quiverant", { type: "by-sound" }],
  ["sausage", { type: "new" }],
  ["posters", { type: "taken", by: "postgres" }],
  ["and", { type: "common" }],
  ["it is", { type: "common" }],
])("%j means %j where qdrant or n8n was said", (heard, as) => {
  const name = heard === "n 8 n" ? "n8n" : "qdrant"
  expect(heardAs(heard, name, serverContainers)).toEqual(as)
})
