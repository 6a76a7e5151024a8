import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { Corpus } from "../../../benchmarks/corpus/corpus.ts"
import type { Utterance } from "../../../benchmarks/corpus/utterance.ts"

const never = new AbortController().signal
const quiet = { step: () => {}, note: () => {} }

const utterance = (id: string, text: string): Utterance => ({
  id,
  voice: "someone",
  pieces: [text, { pauseMs: 300 }, "b"],
})

/** Says each letter as 100 ms of a loud square wave, with 50 ms of silence around. */
const fakeSpeakers = (model = "1") => {
  const said: string[] = []
  return {
    said,
    modelHash: () => Promise.resolve(model),
    speak: (text: string) => {
      if (text === "cough") return Promise.reject(new Error("no voice"))
      said.push(text)
      const samples = new Int16Array(3200).fill(8000, 800, 2400)
      return Promise.resolve({ samples, rateHz: 16_000 })
    },
    close: () => Promise.resolve(),
  }
}

const temporaryFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "jett-corpus-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test("a recording is made once, and comes back from the disk as it was", async () => {
  const folder = await temporaryFolder()
  const speakers = fakeSpeakers()
  const corpus = new Corpus({ folder, speakers, progress: quiet })
  const [first] = await corpus.recordings("tests", [utterance("x", "a")], never)
  const [again] = await new Corpus({ folder, speakers, progress: quiet }).recordings(
    "tests",
    [utterance("x", "a")],
    never,
  )
  expect(speakers.said).toEqual(["a", "b"])
  expect(again).toEqual(first)
  expect(first?.recording.label).toEqual({
    firstVoicedSample: 0,
    lastVoicedSample: 1600 + 4800 + 1600 - 1,
    pauses: [{ fromSample: 1600, toSample: 1600 + 4800 }],
  })
})

test("another model, or another text under the same id, is another recording", async () => {
  const folder = await temporaryFolder()
  const made = async (model: string, text: string) => {
    const speakers = fakeSpeakers(model)
    await new Corpus({ folder, speakers, progress: quiet }).recordings("tests", [utterance("x", text)], never)
    return speakers.said.length > 0
  }
  expect(await made("1", "a")).toBe(true)
  expect(await made("2", "a")).toBe(true)
  expect(await made("1", "c")).toBe(true)
  expect(await made("1", "a")).toBe(false)
})

test("a run that failed goes on where it stopped, and leaves no half recording", async () => {
  const folder = await temporaryFolder()
  const all = [utterance("x", "a"), utterance("y", "cough")]
  const speakers = fakeSpeakers()
  const corpus = new Corpus({ folder, speakers, progress: quiet })
  await expect(corpus.recordings("tests", all, never)).rejects.toThrow("no voice")
  expect((await readdir(folder)).filter((name) => name.endsWith(".wav"))).toHaveLength(1)
  await corpus.recordings("tests", all.slice(0, 1), never)
  expect(speakers.said).toEqual(["a", "b"])
})
