import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Speech } from "../../src/cli/open-speech.ts"
import { run } from "../../src/cli/tools-hear.ts"
import { HEARING_FRAMES } from "../../src/text/propose-aliases.ts"
import { temporaryDirectory, testContext } from "../support/cli.ts"

/** A recogniser that writes `heard` for the name; the sentence travels in place of its sound. */
const speechThatHears = (heard: (sentence: string) => string) => {
  const log = { spoken: [] as string[], closed: 0 }
  const speech: Speech = {
    speak: async (text) => {
      log.spoken.push(text)
      return { samples: Int16Array.from(text, (letter) => letter.charCodeAt(0)), rateHz: 22_050 }
    },
    transcribe: async ({ samples }) => ({
      text: heard(String.fromCharCode(...samples)),
      confidence: 0.9,
      inferenceMs: 1,
    }),
    close: async () => {
      log.closed++
    },
  }
  return { log, speech }
}

const hear = async (
  name: string,
  heard: (sentence: string) => string,
  { toml = "", json = false, options = {} } = {},
) => {
  const configFile = join(temporaryDirectory(), "config.toml")
  writeFileSync(configFile, toml)
  const { log, speech } = speechThatHears(heard)
  const { context, written } = testContext("tools hear", { args: [name], json, options, configFile })
  const exitCode = await run(context, async () => speech)
  return { exitCode, ...written, log }
}

const GRAFANA = '[containers.grafana]\naliases = ["graphs"]\n'

test("the name is spoken alone and in sentences, and what is not understood is proposed as TOML", async () => {
  const { exitCode, out, log } = await hear(
    "grafana",
    (sentence) => sentence.replace("grafana", "rough Anna"),
    {
      toml: GRAFANA,
    },
  )
  expect(exitCode).toBe(0)
  expect(log.spoken).toHaveLength(HEARING_FRAMES.length * 3)
  expect(new Set(log.spoken)).toEqual(
    new Set(HEARING_FRAMES.map((frame) => `${frame.replace("NAME", "grafana")}.`)),
  )
  expect(log.closed).toBe(1)
  expect(out).toBe(
    '18x  rough anna  not understood\n\n[containers.grafana]\naliases = ["graphs","rough anna"]\n',
  )
})

test("what is understood already, is too common, or is another container's is not proposed", async () => {
  const answers = ["grafana", "it is", "nan", "Grafanna", "restart", "\u043Fgrafana"]
  let turn = 0
  const { out } = await hear(
    "grafana",
    (sentence) => sentence.replace("grafana", answers[turn++ % 6] ?? ""),
    {
      toml: `${GRAFANA}[containers.n8n]\n`,
      json: true,
      options: { count: "6" },
    },
  )
  const { ways, proposals, misheard } = JSON.parse(out)
  expect(proposals).toEqual(["grafanna"])
  expect(misheard).toBe(0)
  const meanings = ways.map(({ heard, as }: { heard: string; as: { type: string } }) => [heard, as.type])
  expect(Object.fromEntries(meanings)).toMatchObject({
    grafana: "known",
    "it is": "common",
    nan: "taken",
    grafanna: "by-sound",
  })
})

test("sentences that were misheard around the name are counted and left out", async () => {
  const { out, err } = await hear("grafana", (sentence) => sentence.replace("restart the", "we start the"))
  expect(out).toBe("15x  grafana  understood\n")
  expect(err).toContain("3x the words around the name were misheard")
  expect(err).toContain("no alias is missing")
})

test("a container that is not in the table yet can be listened to, and a well-known one by the way it is said", async () => {
  const { log, out } = await hear("n8n", (sentence) => sentence.replace("n eight n", "any ton"), {
    options: { count: "1" },
  })
  expect(log.spoken[1]).toBe("restart the n eight n container.")
  expect(out).toContain("[containers.n8n]\naliases = ")
})

test.each(["n8n/../postgres", "db", ""])("%j is no name to listen to", async (name) => {
  await expect(hear(name, (sentence) => sentence)).rejects.toMatchObject({ exitCode: 2 })
})

test.each(["0", "51", "many", "1.5"])("--count %s is refused", async (count) => {
  await expect(hear("grafana", (sentence) => sentence, { options: { count } })).rejects.toMatchObject({
    exitCode: 2,
  })
})

test("the models are let go where one of them fails", async () => {
  const { log, speech } = speechThatHears((sentence) => sentence)
  const { context } = testContext("tools hear", { args: ["grafana"] })
  const broken: Speech = { ...speech, transcribe: () => Promise.reject(new Error("died")) }
  const configured = { ...context, env: { HOME: temporaryDirectory() } }
  await expect(run(configured, async () => broken)).rejects.toThrow("died")
  expect(log.closed).toBe(1)
})
