import type { CommandIo } from "../command.ts"
import { paint, printable } from "../output.ts"

/** Tells on stdout what happens, with the seconds since it began. */
export class Narrator {
  readonly #io: CommandIo
  readonly #startMs = performance.now()
  #failed = false

  constructor(io: CommandIo) {
    this.#io = io
  }

  heading(text: string): void {
    this.#io.out(`\n${paint(this.#io.colour, "bold", text)}\n`)
  }

  block(text: string): void {
    this.#io.out(text)
  }

  /** A state as it is entered. */
  state(name: string): void {
    this.#line(paint(this.#io.colour, "cyan", `[${name}]`))
  }

  says(who: string, words: string): void {
    this.#line(`${who.padEnd(6)} ${printable(words)}`)
  }

  note(text: string): void {
    this.#line(paint(this.#io.colour, "dim", text))
  }

  /** Something that the demonstration should have shown did not happen. */
  unexpected(text: string): void {
    this.#failed = true
    this.note(`UNEXPECTED: ${text}`)
  }

  get failed(): boolean {
    return this.#failed
  }

  #line(text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1).padStart(5)
    this.#io.out(`${paint(this.#io.colour, "dim", seconds)}  ${text}\n`)
  }
}
