import type { SpeechPcm } from "../ports/audio.ts"
import { joinSamples } from "./join-samples.ts"
import { tone } from "./tone.ts"

/** Two notes that rise, unlike any single tone of Jett's; louder than the one at the wake word: nobody waits for it. */
const NOTES_HZ = [784, 1047]
const NOTE = { durationMs: 150, levelDbfs: -18 }
const GAP_MS = 60
/** Before the words. */
const REST_MS = 200

/** What a timer rings with, and a rest for words to follow on. Int16, mono. */
export const ringTone = (rateHz: number): SpeechPcm => {
  const silence = (ms: number) => new Int16Array(Math.round((ms * rateHz) / 1000))
  const notes = NOTES_HZ.flatMap((frequencyHz, index) => [
    ...(index === 0 ? [] : [silence(GAP_MS)]),
    tone({ ...NOTE, frequencyHz, rateHz }).samples,
  ])
  return { samples: joinSamples([...notes, silence(REST_MS)]), rateHz }
}
