import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { transcribeFile } from "../../../src/actors/turn/transcribe-file.ts"
import type { Listener, SpeechToText } from "../../../src/ports/speech.ts"
import { temporaryDirectory } from "../../support/cli.ts"
import { joined, silence } from "../../support/speech-samples.ts"
import { wavBytes } from "../../support/wav-bytes.ts"

const FRAME = 512
const RATE_HZ = 16_000

/** A voice that is a constant, so that the fake listener can hear it: loud is voiced. */
const voice = (seconds: number) => silence(seconds).fill(1000)

const listener: Listener = {
  listen: (samples) =>
    Effect.succeed({
      voiceActivity: Array.from({ length: samples.length / FRAME }, (_, i) =>
        (samples[i * FRAME + FRAME / 2] ?? 0) > 500 ? 0.9 : 0,
      ),
      wake: [],
    }),
}

const transcribe = async (sound: Int16Array) => {
  const path = join(temporaryDirectory(), "speech.wav")
  writeFileSync(path, wavBytes({ data: Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength) }))
  const pieces: Int16Array[] = []
  const stt: SpeechToText = {
    transcribe: (samples) => {
      pieces.push(samples)
      return Effect.succeed({ text: `piece ${pieces.length}.`, confidence: 0.9, inferenceMs: 1 })
    },
  }
  const text = await Effect.runPromise(transcribeFile(path, { listener, stt }))
  const voicedSeconds = pieces.map((piece) => piece.filter((sample) => sample > 500).length / RATE_HZ)
  return { text, pieces, voicedSeconds }
}

it("transcribes what voice activity finds, piece by piece, with a little sound around it", async () => {
  const { text, pieces, voicedSeconds } = await transcribe(
    joined(silence(1), voice(2), silence(1.5), voice(1), silence(1)),
  )
  expect(text).toBe("piece 1. piece 2.")
  expect(voicedSeconds.map((seconds) => seconds.toFixed(1))).toEqual(["2.0", "1.0"])
  for (const [i, piece] of pieces.entries()) {
    const around = piece.length / RATE_HZ - (voicedSeconds[i] ?? 0)
    expect(around).toBeGreaterThan(0.4)
    expect(around).toBeLessThan(0.7)
  }
})

it("asks nothing of the recogniser where nobody speaks, or makes only a click", async () => {
  expect((await transcribe(silence(3))).pieces).toEqual([])
  expect(await transcribe(joined(silence(1), voice(0.15), silence(1.5)))).toMatchObject({
    text: "",
    pieces: [],
  })
})

it("takes speech that goes on to the file's last sample, or begins with its first", async () => {
  const { text, voicedSeconds } = await transcribe(voice(1))
  expect(text).toBe("piece 1.")
  expect(voicedSeconds[0]).toBeCloseTo(1, 1)
})

it("cuts speech that never pauses, and gives every part of it once", async () => {
  const { pieces, voicedSeconds } = await transcribe(voice(70))
  expect(pieces.every((piece) => piece.length <= 28.5 * RATE_HZ)).toBe(true)
  expect(voicedSeconds.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(70, 0)
  expect(pieces).toHaveLength(3)
})
