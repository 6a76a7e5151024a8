import type { ContainerFacts, ContainerFailure } from "../../ports/containers.ts"

/** Sentences about containers, made of the table's own names and of what was observed; nothing else is in them. */

const MINUTE_MS = 60_000

/** "running", "running and healthy", "stopped, with exit code 1". */
export const stateWords = ({ state, health, exitCode }: ContainerFacts): string => {
  switch (state) {
    case "running":
      if (health === "healthy") return "running and healthy"
      if (health === "unhealthy") return "running, but not healthy"
      if (health === "starting") return "running, but not healthy yet"
      return "running"
    case "paused":
      return "paused"
    case "restarting":
      return "restarting again and again"
    case "created":
      return "not started yet"
    case "removing":
      return "being removed"
    case "exited":
      return exitCode === 0 ? "stopped" : `stopped, with exit code ${exitCode}`
    case "dead":
      return "dead"
  }
}

/** "3 minutes", "2 hours", "5 days": as precise as anybody wants to hear. */
export const spanWords = (ms: number): string => {
  const minutes = Math.round(Math.max(0, ms) / MINUTE_MS)
  if (minutes < 1) return "less than a minute"
  if (minutes < 120) return count(minutes, "minute")
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? count(hours, "hour") : count(Math.floor(hours / 24), "day")
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

/** "a", "a and b", "a, b and c". */
export const listWords = (words: readonly string[]): string => {
  const last = words.at(-1) ?? ""
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`
}

/** As it stands at the beginning of a sentence. */
export const capital = (sentence: string): string => sentence.slice(0, 1).toUpperCase() + sentence.slice(1)

/** Why the engine could not be asked; ends where "; nothing was done" can follow. */
export const failureWords = (failure: ContainerFailure, spoken: string): string => {
  switch (failure.reason) {
    case "unreachable":
      return "I can't reach the container server"
    case "timeout":
      return "The container server didn't answer in time"
    case "not-found":
      return `I can't find ${spoken} on the server`
    case "conflict":
      return `The server doesn't allow that for ${spoken} as it is now`
    case "refused":
      return `The server refused to do that with ${spoken}`
    case "server-error":
      return `The server failed when I asked about ${spoken}`
    case "bad-answer":
      return "The container server's answer made no sense"
  }
}
