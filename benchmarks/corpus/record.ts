import * as Effect from "effect/Effect"
import { FRAME_SAMPLES, msToSamples, SAMPLE_RATE_HZ } from "../../src/audio/format.ts"
import { resampleClip } from "../../src/audio/resampler.ts"
import type { SpeechPcm } from "../../src/ports/audio.ts"
import type { Label, Utterance } from "./utterance.ts"

export interface Recording {
  /** Int16Array, mono, 16 kHz. */
  readonly samples: Int16Array
  readonly label: Label
}

export type Speak = (text: string, voice: string) => Promise<SpeechPcm>

/** 46 dB below full scale: under the quietest consonant of the voices used, over their noise. */
const VOICED_LEVEL = 32768 * 10 ** (-46 / 20)

/** A sound no longer than this, with nothing voiced for so long before it, is no speech. */
const CLICK_SAMPLES = msToSamples(20)
const LONELY_SAMPLES = msToSamples(200)

/** Makes a recording: speaks each piece, cuts the silence around it, and joins them with the pauses asked for. */
export const record = async (utterance: Utterance, speak: Speak): Promise<Recording> => {
  const parts: Int16Array[] = [new Int16Array(msToSamples(utterance.leadMs ?? 0))]
  const spans: { from: number; to: number }[] = []
  let at = parts[0]?.length ?? 0
  for (const piece of utterance.pieces) {
    const part =
      typeof piece === "string"
        ? voicedPart(await at16k(await speak(piece, utterance.voice)))
        : new Int16Array(msToSamples(piece.pauseMs))
    if (typeof piece === "string") spans.push({ from: at, to: at + part.length })
    parts.push(part)
    at += part.length
  }
  const tail = FRAME_SAMPLES - (at % FRAME_SAMPLES)
  const samples = new Int16Array(at + tail)
  let offset = 0
  for (const part of parts) {
    samples.set(part, offset)
    offset += part.length
  }
  return {
    samples,
    label: {
      firstVoicedSample: spans[0]?.from ?? 0,
      lastVoicedSample: (spans.at(-1)?.to ?? 1) - 1,
      pauses: spans.slice(1).map((span, i) => ({ fromSample: spans[i]?.to ?? 0, toSample: span.from })),
    },
  }
}

const at16k = async (pcm: SpeechPcm): Promise<Int16Array> =>
  (await Effect.runPromise(resampleClip(pcm, SAMPLE_RATE_HZ))).samples

/** Without the silence around it, and without the click that a voice sometimes ends on long after its last word. */
const voicedPart = (samples: Int16Array): Int16Array => {
  const first = samples.findIndex(isVoiced)
  let last = samples.findLastIndex(isVoiced)
  while (last >= 0) {
    const before = samples.subarray(Math.max(0, last - LONELY_SAMPLES), Math.max(0, last - CLICK_SAMPLES))
    if (last - first <= LONELY_SAMPLES || before.some(isVoiced)) break
    last = samples.subarray(0, last - CLICK_SAMPLES).findLastIndex(isVoiced)
  }
  return first < 0 ? new Int16Array(0) : samples.slice(first, last + 1)
}

const isVoiced = (sample: number): boolean => Math.abs(sample) >= VOICED_LEVEL
