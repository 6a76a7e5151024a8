import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { HostId } from "../../src/actors/models/model-branch.ts"
import type { Fault } from "./mischief.ts"
import type { OllamaFault } from "./ollama-striker.ts"

/** What was done, and to which process. */
export interface Blow {
  readonly fault: Fault | OllamaFault
  readonly host: HostId | "ollama"
  readonly pid: number
}

/** Strikes one part of an assistant, again and again. */
export interface Striker {
  /** Undefined where there was nothing to strike. */
  strike(system: AssistantSystem): Blow | undefined
  /** Whether what is struck writes an answer now; always false where blows are not to wait for that. */
  isWriting(system: AssistantSystem): boolean
  /** Ends when nothing is withheld any more that only the striker can give back. */
  settled(): Promise<void>
  /** Leaves nothing behind. */
  close(): Promise<void>
}
