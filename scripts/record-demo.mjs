#!/usr/bin/env node
/*
 * Writes what is said in the demonstration, `demo/*.wav`, or into the folder that is named, with the recorder of the
 * benchmarks and Kokoro's voices (`npx jett models pull tts-kokoro-82m-int8`).
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureBenchmarksBuilt, ensureBuilt } from "./lib/build.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const say = (text) => process.stderr.write(`jett: ${text}\n`)
if ((await ensureBuilt(root, say)) !== 0 || (await ensureBenchmarksBuilt(root, say)) !== 0) process.exit(1)

const built = (path) => import(new URL(`../dist/with-benchmarks/${path}`, import.meta.url).href)
const { record } = await built("benchmarks/corpus/record.js")
const { Speakers } = await built("benchmarks/corpus/speakers.js")
const { demoLines } = await built("src/cli/demo/scenes.js")
const { encodeWav } = await built("src/audio/wav-writer.js")
const { loadConfig } = await built("src/config/load-config.js")
const { modelsFolder } = await built("src/config/paths.js")

/** A pause stands where somebody waits for the chime. No two neighbours have the same voice. */
const spoken = {
  noWakeWord: { voice: "bf_emma", pieces: ["I think it might rain this afternoon."] },
  time: { voice: "af_heart", pieces: ["Hey Jarvis, what time is it?"] },
  question: {
    voice: "am_michael",
    pieces: ["Hey Jarvis,", { pauseMs: 350 }, "what is the capital of France?"],
  },
  story: { voice: "bm_george", pieces: ["Hey Jarvis, tell me a story about the sea."] },
  bargeIn: { voice: "bm_george", pieces: ["What day is it today?"] },
  capabilities: { voice: "af_bella", pieces: ["Hey Jarvis,", { pauseMs: 300 }, "what can you do?"] },
}

const folder = process.argv[2] ?? join(root, "demo")
mkdirSync(folder, { recursive: true })
const { config } = loadConfig({ env: process.env, mayBeMissing: true })
const speakers = new Speakers(modelsFolder(config, process.env))
for (const [name, { file, words }] of Object.entries(demoLines)) {
  const utterance = spoken[name]
  const text = utterance?.pieces.filter((piece) => typeof piece === "string").join(" ")
  if (text !== words) throw new Error(`${name}: "${words}" in the scenes, "${text}" here`)
  const { samples } = await record(utterance, (piece, voice) => speakers.speak(piece, voice))
  writeFileSync(join(folder, file), encodeWav(samples, { rateHz: 16_000, channels: 1 }))
  process.stderr.write(`${join(folder, file)}  ${(samples.length / 16_000).toFixed(2)} s\n`)
}
