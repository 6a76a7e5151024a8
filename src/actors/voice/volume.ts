import { MAX_VOLUME } from "../../audio/volume.ts"

/** How loud replies are, 0..1.5. */
export interface Volume {
  readonly gain: number
  onChange(listener: (gain: number) => void): void
}

/** The least that a spoken "quieter" leaves, and what one step of it is. */
const STEP = 0.2

/** The volume of all that is spoken; `step` moves it by so many steps. */
export const makeVolume = (initial: number): Volume & { step(by: number): void } => {
  let gain = initial
  const listeners: ((gain: number) => void)[] = []
  return {
    get gain() {
      return gain
    },
    step: (by) => {
      gain = Math.min(MAX_VOLUME, Math.max(STEP, gain + by * STEP))
      for (const listener of listeners) listener(gain)
    },
    onChange: (listener) => {
      listeners.push(listener)
    },
  }
}
