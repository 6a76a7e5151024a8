import { voicedCough } from "../../tests/support/speech-samples.ts"
import type { Recorded } from "../corpus/corpus.ts"
import { wordsOf } from "../corpus/corpus.ts"
import { otherSpeech } from "../corpus/other-speech.ts"
import { seededRandom } from "../corpus/random.ts"
import { type Bar, type Findings, measured } from "../result.ts"
import { isPlaying, type Room, type SeenState, yieldsIn } from "../room.ts"
import { summarise } from "../statistics.ts"
import type { Tape } from "../tape.ts"
import { type TargetOptions, tooFew } from "../target.ts"

const NEEDED_INTERRUPTIONS = 40
const NEEDED_COUGHS = 10

/** Of ten seconds each: more than Jett gets to say. */
const TEXTS_A_REPLY = 2

/** So long Jett speaks before somebody falls in, and this much longer by chance. */
const SPEAKS_MS = 1200
const SPEAKS_LONGER_MS = 2000
/** What began then is on the tape. */
const SETTLING_MS = 300
/** What did not happen within this long counts as having taken this long. */
const NEVER_MS = 5000
/** A sound that nothing has come of by then was not noticed. */
const UNNOTICED_MS = 3000
const COUGH_LENGTHS_MS = [150, 180, 210, 240, 260] as const
const COUGH_LEVELS = [6000, 9000, 14_000] as const

/** A sound that was made while Jett spoke, and what came of it. Times on the monotonic clock. */
interface Fallen {
  readonly onsetMs: number
  /** When Jett had noticed it; undefined where it never had. */
  readonly detectedMs: number | undefined
  /** When the loudspeaker was silent; not before the detection, because silence before that is a pause of its own. */
  readonly silentMs: number | undefined
  /** When it was heard again. */
  readonly audibleAgainMs: number | undefined
  readonly interrupted: boolean
}

/** All that was tried. */
interface Tries {
  readonly fallen: readonly (Fallen & { readonly index: number })[]
  /** Jett did not speak when the sound came: it had paused or been interrupted by itself. */
  readonly spoiled: number
  readonly selfPauses: number
  readonly selfInterruptions: number
}

/** Onset of the user's speech and its detection to the loudspeaker's silence. */
export const measureInterruptions = async (
  options: TargetOptions,
  room: Room,
  recorded: readonly Recorded[],
): Promise<Findings> => {
  const sounds = recorded.map(({ recording }) => recording.samples)
  const tries = await fallInWithEach("interruptions", options, room, sounds)
  const { fallen } = tries
  const afterOnset = fallen.map((one) => span(one.onsetMs, one.interrupted ? one.silentMs : undefined))
  const afterDetection = fallen.flatMap(({ detectedMs, silentMs }) =>
    detectedMs === undefined ? [] : [span(detectedMs, silentMs)],
  )
  const isTooFew = tooFew(fallen.length, NEEDED_INTERRUPTIONS)
  const missed = fallen
    .filter(({ interrupted }) => !interrupted)
    .map(({ index, detectedMs }) => {
      const { pieces = [], voice } = recorded[index]?.utterance ?? {}
      return `"${pieces.join(" ")}" (${voice}${detectedMs === undefined ? ", not noticed" : ""})`
    })
  return {
    measurements: [
      measured("interruption: onset → loudspeaker silent", "ms", afterOnset),
      measured(
        "interruption: onset → detection",
        "ms",
        fallen.map(({ onsetMs, detectedMs }) => span(onsetMs, detectedMs)),
      ),
      measured("interruption: detection → loudspeaker silent", "ms", afterDetection),
    ],
    bars: [
      bar("an interruption: onset → silent, p95", summarise(afterOnset).p95, 450, isTooFew),
      bar("an interruption: detection → silent, p95", summarise(afterDetection).p95, 150, isTooFew),
    ],
    notes: [
      `interruptions: ${fallen.filter(({ interrupted }) => interrupted).length} of ${fallen.length} were taken for words and ended the reply; each of the others counts as ${NEVER_MS} ms from its onset; ${spoilt(tries)}`,
      `not taken for words: ${missed.join(", ") || "none"}`,
      "onset: the labelled first voiced sample, found in the sound of the microphone; silent: the last sample above −50 dBFS that the loudspeaker gave out, but not before the detection",
    ],
  }
}

/** A cough with a voice in it, which voice activity takes for speech: the reply goes on by itself. */
export const measureCoughs = async (options: TargetOptions, room: Room, count: number): Promise<Findings> => {
  const sounds = Array.from({ length: count }, (_, index) =>
    voicedCough(
      COUGH_LENGTHS_MS[index % COUGH_LENGTHS_MS.length] ?? 200,
      COUGH_LEVELS[index % COUGH_LEVELS.length],
      index + 1,
    ),
  )
  const tries = await fallInWithEach("coughs", options, room, sounds)
  const { fallen } = tries
  const noticed = fallen.filter(({ detectedMs }) => detectedMs !== undefined)
  const gaps = noticed.map(({ detectedMs, audibleAgainMs, interrupted }) =>
    span(detectedMs ?? 0, interrupted ? undefined : audibleAgainMs),
  )
  const isTooFew = tooFew(gaps.length, NEEDED_COUGHS)
  return {
    measurements: [measured("cough: detection → reply heard again", "ms", gaps)],
    bars: [bar("a cough: detection → reply heard again, max", summarise(gaps).max, 1500, isTooFew)],
    notes: [
      `coughs: ${noticed.length} of ${fallen.length} were noticed and paused the reply, ${fallen.filter(({ interrupted }) => interrupted).length} ended it, which counts as ${NEVER_MS} ms; ${spoilt(tries)}`,
    ],
  }
}

/** Has Jett say something for each of the sounds, makes the sound over it and sees what comes of it. */
const fallInWithEach = async (
  what: string,
  { progress, signal }: TargetOptions,
  room: Room,
  sounds: readonly Int16Array[],
): Promise<Tries> => {
  const random = seededRandom(11)
  const texts = otherSpeech(TEXTS_A_REPLY * sounds.length).map(wordsOf)
  const fallen: (Fallen & { readonly index: number })[] = []
  let selfPauses = 0
  let selfInterruptions = 0
  for (const [index, sound] of sounds.entries()) {
    signal.throwIfAborted()
    progress.step(`barge-in: ${what}:`, index, sounds.length)
    const from = TEXTS_A_REPLY * index
    await room.reply(texts.slice(from, from + TEXTS_A_REPLY).join(" "))
    await room.wait(SPEAKS_MS + random() * SPEAKS_LONGER_MS)
    const one = await fallIn(room, sound)
    await room.quiet()
    if (one.result !== undefined) fallen.push({ ...one.result, index })
    selfPauses += one.selfPauses
    selfInterruptions += one.selfInterruptions
  }
  progress.step(`barge-in: ${what}:`, sounds.length, sounds.length)
  return { fallen, spoiled: sounds.length - fallen.length, selfPauses, selfInterruptions }
}

/** `sound`: Int16Array, mono, 16 kHz. */
const fallIn = async (room: Room, sound: Int16Array) => {
  const recorder = await room.record()
  const [from, fromTurn] = [room.states.length, room.turns.length]
  await room.speak(sound)
  // Until the turn has ended, or the pause has, or there is none.
  await room.until(() => room.turns.length > fromTurn || wentOn(room.states.slice(from)), UNNOTICED_MS)
  await room.wait(SETTLING_MS)
  const { loudspeaker, microphone } = await recorder.stop()
  const onsetMs = microphone.startOf(sound) ?? Number.NaN
  const before = room.states.filter(({ sinceMs }) => sinceMs < onsetMs)
  const after = room.states.filter(({ sinceMs }) => sinceMs >= onsetMs)
  const interrupted = room.turns.slice(fromTurn).some(({ outcome }) => outcome === "interrupted")
  return {
    result: isPlaying(before.at(-1)) ? fallenAt(onsetMs, after, loudspeaker, interrupted) : undefined,
    selfPauses: yieldsIn(before).length,
    selfInterruptions: room.turns.slice(0, fromTurn).filter(({ outcome }) => outcome === "interrupted")
      .length,
  }
}

const fallenAt = (
  onsetMs: number,
  states: readonly SeenState[],
  loudspeaker: Tape,
  interrupted: boolean,
): Fallen => {
  const detectedMs = yieldsIn(states)[0]?.sinceMs
  if (detectedMs === undefined)
    return { onsetMs, detectedMs, silentMs: undefined, audibleAgainMs: undefined, interrupted }
  const resumedMs = states.find((state) => state.sinceMs > detectedMs && isPlaying(state))?.sinceMs
  const lastMs = loudspeaker.lastAudibleMs(onsetMs, resumedMs ?? Number.POSITIVE_INFINITY)
  return {
    onsetMs,
    detectedMs,
    silentMs: Math.max(detectedMs, lastMs ?? 0),
    audibleAgainMs: resumedMs === undefined ? undefined : loudspeaker.firstAudibleMs(resumedMs),
    interrupted,
  }
}

/** Jett fell silent and has gone on again. */
const wentOn = (states: readonly SeenState[]): boolean =>
  yieldsIn(states).length > 0 && isPlaying(states.at(-1))

const spoilt = ({ spoiled, selfPauses, selfInterruptions }: Tries): string =>
  `${spoiled} are left out because Jett was not speaking just then; before them it had paused for its own voice ${selfPauses} times and interrupted itself ${selfInterruptions} times`

const span = (fromMs: number, toMs: number | undefined): number =>
  toMs === undefined ? NEVER_MS : Math.min(NEVER_MS, Math.max(0, toMs - fromMs))

const bar = (what: string, found: number, limit: number, indicative: boolean): Bar => ({
  what,
  found,
  limit,
  sense: "at most",
  unit: "ms",
  indicative,
})
