import { openEspeak } from "./espeak.ts"
import type { Phonemizer } from "./phonemes.ts"

const WARM_UP_TEXT = "One moment, please: it is half past ten. What is next?"

/**
 * espeak-ng, one for all voices of a host. Begun on import, while the host still hashes a voice's files or waits for
 * something to do: the first clause takes 0.3 s, since it compiles espeak-ng. A failure shows where it is awaited, and
 * lasts as long as the process.
 */
export const warmEspeak: Promise<Phonemizer> = openEspeak().then(async (phonemizer) => {
  await phonemizer.phonemize(WARM_UP_TEXT, "en-us")
  return phonemizer
})
warmEspeak.catch(() => undefined)
