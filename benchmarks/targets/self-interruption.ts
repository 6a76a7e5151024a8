import { wordsOf } from "../corpus/corpus.ts"
import { OTHER_RECORDINGS, otherSpeech } from "../corpus/other-speech.ts"
import { type Findings, measured } from "../result.ts"
import { isPlaying, type Room, yieldsIn } from "../room.ts"
import { poissonInterval95 } from "../statistics.ts"
import { type TargetOptions, tooFew } from "../target.ts"

const NEEDED_MINUTES = 20
/** A reply of about half a minute: three recordings' worth of sentences. */
const TEXTS_A_REPLY = 3
/** Longer than any such reply. */
const REPLY_MS = 110_000

/** Minutes of replies in which nobody speaks: whatever stops one is Jett's own voice. */
export const measureSelfInterruption = async (
  { progress, signal }: TargetOptions,
  room: Room,
  minutes: number,
): Promise<Findings> => {
  const texts = otherSpeech(OTHER_RECORDINGS).map(wordsOf)
  const wantedMs = minutes * 60_000
  const pauses: number[] = []
  let spokenMs = 0
  let interruptions = 0
  let wakes = 0
  let replies = 0
  while (spokenMs < wantedMs) {
    signal.throwIfAborted()
    progress.step("barge-in: replies that nobody interrupts, s:", seconds(spokenMs), seconds(wantedMs))
    const from = (replies * TEXTS_A_REPLY) % texts.length
    await room.reply(texts.slice(from, from + TEXTS_A_REPLY).join(" "))
    const sinceMs = performance.now()
    await room.until(() => room.turns.length > 0 || signal.aborted, Math.min(REPLY_MS, wantedMs - spokenMs))
    spokenMs += performance.now() - sinceMs
    replies += 1
    const { states, turns } = room
    for (const { sinceMs: fromMs } of yieldsIn(states)) {
      const resumed = states.find((state) => state.sinceMs > fromMs && isPlaying(state))
      if (resumed !== undefined) pauses.push(resumed.sinceMs - fromMs)
    }
    interruptions += turns.filter(({ outcome }) => outcome === "interrupted").length
    wakes += states.filter(({ value }, i) => value === "waking" && states[i - 1]?.value !== "waking").length
    await room.quiet()
  }
  progress.step("barge-in: replies that nobody interrupts, s:", seconds(wantedMs), seconds(wantedMs))
  const spokenMinutes = spokenMs / 60_000
  const perHour = (events: number) => ((events * 60) / spokenMinutes).toFixed(1)
  const { high } = poissonInterval95(interruptions)
  return {
    measurements: pauses.length > 0 ? [measured("Jett pauses for its own voice, each", "ms", pauses)] : [],
    bars: [
      {
        what: `self-interruptions in ${spokenMinutes.toFixed(1)} min of replies`,
        found: interruptions,
        limit: 0,
        sense: "at most",
        unit: "",
        indicative: tooFew(Math.round(spokenMinutes), NEEDED_MINUTES),
      },
    ],
    notes: [
      `self-interruption: ${replies} replies, ${spokenMinutes.toFixed(1)} min; ${interruptions} interrupted (95 %: at most ${perHour(high)} an hour), it took its own voice for the wake word ${wakes} times; besides, it paused for it and went on ${pauses.length} times (${perHour(pauses.length)} an hour)`,
    ],
  }
}

const seconds = (ms: number): number => Math.round(ms / 1000)
