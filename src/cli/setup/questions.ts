import { createInterface, type Interface } from "node:readline"
import type { CommandIo } from "../command.ts"
import { ExitCode } from "../exit-code.ts"
import { CommandFailure } from "../failure.ts"

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

/**
 * Asks on stderr and reads answers from stdin, so that stdout stays data. Rejects once `signal` is aborted, and with
 * CommandFailure at the end of the input (Ctrl-D): whoever leaves has agreed to nothing.
 */
export function askOn(io: CommandIo, signal: AbortSignal): Questions {
  const lines = new AnswerLines(io.stdin, signal)
  const ask = async (prompt: string): Promise<string> => {
    io.note(prompt)
    return (await lines.next()).trim()
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

/** Lines of the input in order; those typed ahead are kept for the next question. */
class AnswerLines {
  readonly #reader: Interface
  readonly #signal: AbortSignal
  readonly #ahead: string[] = []
  #ended = false
  #wake: () => void = () => {}

  constructor(input: NodeJS.ReadableStream, signal: AbortSignal) {
    this.#signal = signal
    this.#reader = createInterface({ input, terminal: false })
    this.#reader.on("line", (line) => {
      this.#ahead.push(line)
      this.#wake()
    })
    this.#reader.on("close", () => {
      this.#ended = true
      this.#wake()
    })
    signal.addEventListener("abort", () => this.#wake(), { once: true })
  }

  async next(): Promise<string> {
    for (;;) {
      this.#signal.throwIfAborted()
      const line = this.#ahead.shift()
      if (line !== undefined) return line
      if (this.#ended) {
        throw new CommandFailure("the input ended; nothing was written", ExitCode.failure, "cancelled")
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#reader.close()
  }
}
