import * as Effect from "effect/Effect"
import { FRAME_MS, FRAME_SAMPLES } from "../../src/audio/format.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { otherSpeech } from "../corpus/other-speech.ts"
import { ownTicks, TICKS_PER_SECOND } from "../machine.ts"
import { withModels } from "../models.ts"
import type { TargetOptions } from "../target.ts"

/**
 * What the wake word and voice activity take while somebody in the room talks to somebody else: every frame at once, at
 * the pace of a microphone. Percent of one core.
 */
export const listeningToTalk = async (options: TargetOptions): Promise<number> => {
  const { config, corpus, signal, quick, progress } = options
  const recorded = await corpus.recordings("other speech", otherSpeech(quick ? 1 : 4), signal)
  progress.note("process: listening to somebody who talks")
  return withModels(config, signal, async ({ listener, preload, pid }) => {
    await Effect.runPromise(preload.listener)
    const host = pid("listener")
    if (host === undefined) throw new Error("the listener's process is not there")
    const fromTicks = ownTicks(host, "alone")
    const fromMs = monotonicClock.now()
    let frames = 0
    for (const { recording } of recorded) {
      for (let at = 0; at + FRAME_SAMPLES <= recording.samples.length; at += FRAME_SAMPLES) {
        signal.throwIfAborted()
        frames += 1
        const waitMs = fromMs + frames * FRAME_MS - monotonicClock.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        await Effect.runPromise(listener.listen(recording.samples.slice(at, at + FRAME_SAMPLES)))
      }
    }
    const seconds = (frames * FRAME_MS) / 1000
    return (100 * (ownTicks(host, "alone") - fromTicks)) / TICKS_PER_SECOND / seconds
  })
}
