import { EngineError } from "./engine-error.ts"

/** The audio of a request, which came from another process and is not yet what its type says. */
export function checkedSamples(samples: unknown): Int16Array {
  if (samples instanceof Int16Array) return samples
  throw new EngineError("bad-input", `"samples" must be an Int16Array, found ${kindOf(samples)}`)
}

/** The text of a request, likewise. */
export function checkedText(text: unknown): string {
  if (typeof text === "string") return text
  throw new EngineError("bad-input", `"text" must be a string, found ${kindOf(text)}`)
}

/** Outside of this range the voices stop being understandable. */
const SLOWEST = 0.5
const FASTEST = 2

/** The speaking rate of a request: 1 is the voice's own pace, 2 is twice as fast. */
export function checkedSpeed(speed: unknown): number {
  if (speed === undefined) return 1
  if (typeof speed === "number" && speed >= SLOWEST && speed <= FASTEST) return speed
  throw new EngineError(
    "bad-input",
    `"speed" must be a number from ${SLOWEST} to ${FASTEST}, found ${String(speed)}`,
  )
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1)
}
