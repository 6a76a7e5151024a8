import type { PlaybackEvent } from "../../audio/playback.ts"

export interface SpeakerListener {
  /** The clock that the output device runs by, in ms. */
  readonly now: () => number
  readonly onAway: (message: string) => void
  readonly onBack: () => void
}

/**
 * Tells once that the speaker has gone, and once that it is back: when something audible was taken by it again. A
 * speaker that is away fails with every write, 50 times a second.
 */
export const watchSpeaker = ({ now, onAway, onBack }: SpeakerListener): ((event: PlaybackEvent) => void) => {
  let isAway = false
  let failedAtMs = Number.NEGATIVE_INFINITY
  return (event) => {
    if (event.type === "failed") {
      failedAtMs = now()
      if (isAway) return
      isAway = true
      onAway(event.message)
    }
    // A clip becomes audible with a write: one that failed did so at this very moment.
    if (event.type === "first-audible" && isAway && event.atMs - failedAtMs > 1) {
      isAway = false
      onBack()
    }
  }
}
