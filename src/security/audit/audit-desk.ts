import { type AuditClock, systemClock } from "./audit-clock.ts"
import { AuditError, auditErrorOf, isFatal } from "./audit-error.ts"
import type { AuditReply, AuditRequest, AuditThreadData, PlainFailure } from "./audit-messages.ts"
import { type OpenedWriter, openWriter } from "./open-writer.ts"

export interface AuditDeskOptions extends AuditThreadData {
  readonly clock?: AuditClock | undefined
  send(reply: AuditReply): void
}

/** Rows of one transaction. What waits longer is the next one. */
const MAX_GROUP = 128

type Append = Extract<AuditRequest, { readonly type: "append" }>

/**
 * Answers a thread's requests in order. Appends that wait at the same time are one transaction: each then costs its share
 * of one wait for the disk.
 */
export class AuditDesk {
  readonly #options: AuditDeskOptions
  readonly #clock: AuditClock
  #opened: OpenedWriter | undefined
  #waiting: AuditRequest[] = []
  #lookedForOldTextsAtMs = Number.NEGATIVE_INFINITY

  constructor(options: AuditDeskOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock()
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  open(): void {
    try {
      this.#opened = openWriter({ ...this.#options, clock: this.#clock })
    } catch (error) {
      this.#options.send({ type: "lost", failure: this.#plain(error) })
      return
    }
    this.#options.send({ type: "opened", verifierKey: this.#opened.writer.verifierKey })
  }

  /** Nothing is done yet: whoever calls this calls `work` when no more messages are at hand. */
  receive(request: AuditRequest): void {
    this.#waiting.push(request)
  }

  work(): void {
    for (;;) {
      const group = this.#nextGroup()
      const first = group[0]
      if (first === undefined) return
      if (first.type === "append") this.#append(group.filter((request) => request.type === "append"))
      else this.#answer(first)
    }
  }

  /** Now and then: signs what is not signed yet, erases what is too old. What fails is tried again the next time. */
  keepHouse(): void {
    const opened = this.#opened
    if (opened === undefined) return
    try {
      opened.writer.checkpoint()
      const nowMs = this.#clock.uptimeMs()
      if (nowMs - this.#lookedForOldTextsAtMs < HOUR_MS) return
      opened.writer.erase(this.#clock.wallMs() - this.#options.retentionMs)
      this.#lookedForOldTextsAtMs = nowMs
    } catch (error) {
      this.#loseIfFatal(error)
    }
  }

  #nextGroup(): readonly AuditRequest[] {
    const end = this.#waiting.findIndex((request) => request.type !== "append")
    const appends = end < 0 ? this.#waiting.length : end
    return this.#waiting.splice(0, Math.min(Math.max(appends, 1), MAX_GROUP))
  }

  #append(group: readonly Append[]): void {
    try {
      const rows = this.#writer().append(group.map(({ entry }) => entry))
      for (const [i, { id }] of group.entries()) {
        this.#options.send({ type: "rows", id, rows: rows.slice(i, i + 1) })
      }
    } catch (error) {
      // One of them may be at fault alone.
      if (group.length > 1 && !isFatal(causeOf(error))) for (const request of group) this.#append([request])
      else for (const { id } of group) this.#options.send({ type: "failed", id, failure: this.#plain(error) })
      this.#loseIfFatal(error)
    }
  }

  #answer(request: Exclude<AuditRequest, Append>): void {
    const { id } = request
    try {
      switch (request.type) {
        case "recent":
          this.#options.send({ type: "rows", id, rows: this.#writer().recent(request.ms) })
          return
        case "orphans":
          this.#options.send({ type: "rows", id, rows: this.#writer().orphans() })
          return
        case "checkpoint":
          this.#options.send({ type: "note", id, note: this.#writer().checkpoint() })
          return
        case "close":
          this.#close()
          this.#options.send({ type: "closed", id })
      }
    } catch (error) {
      this.#options.send({ type: "failed", id, failure: this.#plain(error) })
      this.#loseIfFatal(error)
    }
  }

  /** A full disk keeps nobody from closing: the rows are there, only the last ones are not signed. */
  #close(): void {
    const opened = this.#opened
    this.#opened = undefined
    try {
      opened?.writer.checkpoint()
    } catch {
      // They are signed after the next start.
    }
    opened?.close()
  }

  #loseIfFatal(error: unknown): void {
    if (this.#opened === undefined || !isFatal(causeOf(error))) return
    const failure = this.#plain(error)
    try {
      this.#opened.close()
    } catch {
      // The process's end will close it.
    }
    this.#opened = undefined
    this.#options.send({ type: "lost", failure })
  }

  #writer(): OpenedWriter["writer"] {
    if (this.#opened === undefined) {
      const message = `The audit log in ${this.#options.folder} is closed; an open one was expected. Open it again.`
      throw new AuditError({ reason: "unavailable", message })
    }
    return this.#opened.writer
  }

  #plain(error: unknown): PlainFailure {
    const { reason, message } = auditErrorOf(error, this.#options.folder)
    return { reason, message }
  }
}

const HOUR_MS = 3_600_000

const causeOf = (error: unknown): unknown =>
  error instanceof Error && "cause" in error ? error.cause : error
