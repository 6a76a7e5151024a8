import { resolveContainerName } from "../../text/container-names.ts"
import type { Timer } from "./timer.ts"

/** Nothing changes but a timer of Jett's own, and the reply names which: a likely one is taken, nothing is asked. */
const LIKENESS = { certain: 0.25, ask: 0.25 }

/** The label of the timer that was meant: the very same, else one that sounds like it alone ("pastor" for "pasta"). */
export const heardLabel = (heard: string, timers: readonly Timer[]): string => {
  const labels = new Set(timers.flatMap(({ label }) => (label === undefined ? [] : [label])))
  if (labels.has(heard)) return heard
  const names = [...labels].map((name) => ({ name, spoken: [] }))
  const found = resolveContainerName(heard, names, LIKENESS)
  return found.type === "known" ? found.name : heard
}
