import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const appenderProgram = fileURLToPath(new URL("../fixtures/audit-appender.mjs", import.meta.url))
const built = fileURLToPath(new URL("../../dist/security/audit/audit-worker.js", import.meta.url))

/** A process that appends to an audit log until it is killed. */
export class AuditAppender {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #out = ""
  #seen = (): void => {}

  constructor(folder: string, options: { readonly uid?: number; readonly atOnce?: number } = {}) {
    if (!existsSync(built)) throw new Error(`${built} is missing: run "npm run build" first.`)
    const { uid, atOnce = 4 } = options
    this.#child = spawn(process.execPath, [appenderProgram, folder, String(atOnce)], {
      stdio: ["ignore", "pipe", "inherit"],
      ...(uid !== undefined && { uid, gid: uid }),
    })
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#out += chunk.toString()
      this.#seen()
    })
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)))
  }

  /** Whole lines only: what was acknowledged, as "seq hash". */
  get lines(): readonly string[] {
    return this.#out.split("\n").slice(0, -1)
  }

  /** Settles when it has acknowledged so many rows, or is gone. */
  async acknowledged(rows: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#seen = () => {
        if (this.lines.length >= rows) resolve()
      }
      this.#seen()
    })
    await Promise.race([enough, this.#ended])
  }

  get ended(): Promise<number | null> {
    return this.#ended
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.#ended
  }
}
