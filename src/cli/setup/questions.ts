import { createInterface } from "node:readline/promises"
import { Writable } from "node:stream"
import type { CommandIo } from "../command.ts"

/** Somebody who can be asked, or nobody: then every answer is the one proposed. */
export interface Questions {
  readonly answered: boolean
  /** Index of the option chosen. */
  choose(question: string, options: readonly string[], proposed: number): Promise<number>
  confirm(question: string, proposed: boolean): Promise<boolean>
  close(): void
}

export const nobody: Questions = {
  answered: false,
  choose: (_question, _options, proposed) => Promise.resolve(proposed),
  confirm: (_question, proposed) => Promise.resolve(proposed),
  close: () => {},
}

/** Asks on stderr and reads answers from stdin, so that stdout stays data. Rejects with AbortError when `signal` is. */
export function askOn(io: CommandIo, signal: AbortSignal): Questions {
  const output = new Writable({
    write(chunk, _encoding, done) {
      io.note(String(chunk))
      done()
    },
  })
  const lines = createInterface({ input: io.stdin, output, terminal: false })
  // The end of the input (Ctrl-D) answers with what is proposed.
  let ended = false
  lines.on("close", () => {
    ended = true
  })
  const ask = async (prompt: string): Promise<string> => {
    if (ended) return ""
    const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")))
    return (await Promise.race([lines.question(prompt, { signal }), closed])).trim()
  }
  return {
    answered: true,
    choose: async (question, options, proposed) => {
      const list = options.map((option, index) => `  ${index + 1}) ${option}\n`).join("")
      io.note(`${question}\n${list}`)
      for (;;) {
        const answer = await ask(`[${proposed + 1}] `)
        const index = answer === "" ? proposed : Number(answer) - 1
        if (Number.isInteger(index) && index >= 0 && index < options.length) return index
        io.note(`expected a number from 1 to ${options.length}\n`)
      }
    },
    confirm: async (question, proposed) => {
      const answer = await ask(`${question} [${proposed ? "Y/n" : "y/N"}] `)
      return answer === "" ? proposed : /^y/i.test(answer)
    },
    close: () => lines.close(),
  }
}
