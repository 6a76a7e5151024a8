/** Tells on stderr how far something long has come: a line that changes on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** `done` of `total` of what is being done. */
  step(what: string, done: number, total: number): void
  note(text: string): void
}

const EVERY_MS = 10_000

export const stderrProgress = (terminal: boolean, write: (text: string) => void): Progress => {
  let shown = ""
  let lastWhat = ""
  let lastMs = 0
  const clear = () => {
    if (shown !== "") write(`\r${" ".repeat(shown.length)}\r`)
    shown = ""
  }
  return {
    step: (what, done, total) => {
      const line = `${what} ${done}/${total}`
      if (terminal) {
        clear()
        if (done >= total) return
        shown = line
        write(line)
        return
      }
      const now = Date.now()
      if (what === lastWhat && done < total && now - lastMs < EVERY_MS) return
      lastWhat = what
      lastMs = now
      write(`${line}\n`)
    },
    note: (text) => {
      clear()
      write(`${text}\n`)
    },
  }
}
