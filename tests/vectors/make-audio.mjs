// Writes hey-jarvis.wav: 1.6 s of faint noise, "Hey Jarvis, what time is it?" by a Kokoro voice, faint noise.
// Usage, after `npm run build` and `jett models pull tts-kokoro-82m-int8`: node tests/vectors/make-audio.mjs
import { readdirSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import samplerate from "@alexanderolsen/libsamplerate-js"
import { engine } from "../../dist/models/kokoro.js"

const LEAD_SAMPLES = 25_600
const STEP_SAMPLES = 2560
const SEED = 20_240_611

const data = process.env.XDG_DATA_HOME ?? join(homedir(), ".local/share")
const folder = join(data, "jett/models/tts-kokoro-82m-int8")
const files = Object.fromEntries(readdirSync(folder).map((name) => [name, join(folder, name)]))
const kokoro = await engine.load({ files, sha256: {}, threads: 1 })
const input = { text: "Hey Jarvis, what time is it?", voice: "am_michael" }
const spoken = await kokoro.infer(input, () => {}, new AbortController().signal)

const converterType = samplerate.ConverterType.SRC_SINC_BEST_QUALITY
const converter = await samplerate.create(1, spoken.rateHz, 16_000, { converterType })
const speech = converter.full(Float32Array.from(spoken.samples, (sample) => sample / 32_768))
const length = Math.ceil((LEAD_SAMPLES + speech.length + 4000) / STEP_SAMPLES) * STEP_SAMPLES

let state = SEED
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}
const samples = Int16Array.from({ length }, (_, index) => {
  const noise = (random() + random() + random() - 1.5) * 200
  return Math.round((speech[index - LEAD_SAMPLES] ?? 0) * 0.6 * 32_768 + noise)
})

const header = Buffer.alloc(44)
header.write("RIFF")
header.writeUInt32LE(36 + samples.byteLength, 4)
header.write("WAVEfmt ", 8)
header.writeUInt32LE(16, 16)
header.writeUInt16LE(1, 20)
header.writeUInt16LE(1, 22)
header.writeUInt32LE(16_000, 24)
header.writeUInt32LE(32_000, 28)
header.writeUInt16LE(2, 32)
header.writeUInt16LE(16, 34)
header.write("data", 36)
header.writeUInt32LE(samples.byteLength, 40)
writeFileSync(
  new URL("hey-jarvis.wav", import.meta.url),
  Buffer.concat([header, Buffer.from(samples.buffer)]),
)
await kokoro.dispose()
