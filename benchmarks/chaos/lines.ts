import type { DemoLineName } from "../demo-lines.ts"
import type { Expected } from "./judge.ts"

/** What is said, by the name of its recording, and what it amounts to. */
export type Lines = Readonly<Partial<Record<DemoLineName, Expected>>>

const time: Expected = { transcript: /what time is it/i, route: "phrase", reply: /^It's \S/ }
const question: Expected = { transcript: /capital of france/i, route: "llm", reply: /\w/ }

/** Said to an assistant whose hosts are struck. */
export const HOST_LINES: Lines = {
  time,
  capabilities: { transcript: /what can you do/i, route: "phrase", reply: /^I tell / },
  question,
}

/** A reply that nobody cut off ends with its sentence, or has about as many characters as it may have tokens. */
const WHOLE = /[.!?]\W*$|.{40}/

/** Said to an assistant whose Ollama is struck: most need it, and a story keeps it busy for a while. */
export const OLLAMA_LINES = {
  time,
  question: { ...question, reply: WHOLE },
  story: { transcript: /story about the (sea|see)/i, route: "llm", reply: WHOLE },
} as const satisfies Lines
