import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AuditEntry, AuditLog, AuditRow } from "../../ports/audit.ts"
import { canonicalJson } from "../canonical-json.ts"
import { AuditError, auditErrorOf } from "./audit-error.ts"
import type { AuditReply, AuditRequest, AuditThreadData, PlainFailure } from "./audit-messages.ts"
import type { EntryToWrite } from "./audit-row.ts"
import { type AuditThread, type StartAuditThread, startAuditThread } from "./audit-thread.ts"

export interface AuditLogOptions {
  /** `auditFolder(env)`; made where it is not there. */
  readonly folder: string
  /** Of Jett; the first row says so. */
  readonly version: string
  /** Texts (payloads) older than this are erased; the rows stay. */
  readonly retentionDays?: number | undefined
  /** A checkpoint is signed after so many rows, and so many ms, at the latest. */
  readonly checkpointRows?: number | undefined
  readonly checkpointMs?: number | undefined
  /** How long another program may hold the database before a row fails as `locked`. */
  readonly busyMs?: number | undefined
  /** For tests of a full disk: pages of 4 KiB. */
  readonly maxPages?: number | undefined
  /** For tests: where the database is worked on. */
  readonly startThread?: StartAuditThread | undefined
}

export interface OpenAuditLog extends AuditLog {
  /** The public key in the form of C2SP signed-note: to be kept elsewhere. */
  readonly verifierKey: string
  /** The newest checkpoint, a signed note, over all rows acknowledged so far. */
  readonly checkpoint: Effect.Effect<string, AuditError>
  /** Fails when the log is gone by itself: its disk failed, its thread died. Opening it again may help. */
  readonly lost: Effect.Effect<never, AuditError>
}

const DEFAULTS = { retentionDays: 90, checkpointRows: 100, checkpointMs: 60_000, busyMs: 1_000 } as const
const DAY_MS = 86_400_000
/** A payload is arguments and observations; whatever is longer than this has no place in a log. */
const MAX_PAYLOAD_CHARACTERS = 65_536
/** To close takes one write; after this the thread is ended as it is, which loses nothing that was acknowledged. */
const CLOSE_MS = 5_000

/**
 * Opens the log in `folder`, made where there is none, with its database in a thread of its own. The one writer until the
 * scope ends; fails as `locked` while there is another. A row whose caller was interrupted may be written all the same.
 */
export const openAuditLog = (
  options: AuditLogOptions,
): Effect.Effect<OpenAuditLog, AuditError, Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => new AuditClient(options)),
      (started) => started.close,
    )
    const verifierKey = yield* Deferred.await(client.opened)
    return {
      verifierKey,
      append: (entry) => client.append(entry),
      recent: (ms) => client.rows((id) => ({ type: "recent", id, ms })),
      orphans: Effect.map(
        client.rows((id) => ({ type: "orphans", id })),
        (rows) => rows.map((row) => ({ row })),
      ),
      checkpoint: client.checkpoint,
      lost: Deferred.await(client.lost),
    }
  })

type Answer = (result: Effect.Effect<AuditReply, AuditError>) => void

/** The caller's side of the thread. */
class AuditClient {
  readonly opened = Deferred.makeUnsafe<string, AuditError>()
  readonly lost = Deferred.makeUnsafe<never, AuditError>()
  readonly #thread: AuditThread
  readonly #folder: string
  readonly #waiting: Map<number, Answer> = new Map()
  #nextId = 1
  #failure: AuditError | undefined

  constructor({ startThread = startAuditThread, ...options }: AuditLogOptions) {
    this.#folder = options.folder
    this.#thread = startThread(threadData(options), {
      onReply: (reply) => this.#receive(reply),
      onGone: (why) => this.#lose(this.#unavailable(why)),
    })
  }

  append(entry: AuditEntry): Effect.Effect<AuditRow, AuditError> {
    return Effect.flatMap(
      Effect.suspend(() => this.#append(entry)),
      ([row]) =>
        row === undefined ? Effect.fail(this.#unavailable("no row came back")) : Effect.succeed(row),
    )
  }

  rows(request: (id: number) => AuditRequest): Effect.Effect<readonly AuditRow[], AuditError> {
    return Effect.flatMap(this.#ask(request), (reply) =>
      reply.type === "rows"
        ? Effect.succeed(reply.rows)
        : Effect.fail(this.#unavailable("it answered wrongly")),
    )
  }

  get checkpoint(): Effect.Effect<string, AuditError> {
    return Effect.flatMap(
      this.#ask((id) => ({ type: "checkpoint", id })),
      (reply) =>
        reply.type === "note"
          ? Effect.succeed(reply.note)
          : Effect.fail(this.#unavailable("it answered wrongly")),
    )
  }

  /** Never fails: what cannot be closed in order is ended. */
  get close(): Effect.Effect<void> {
    return this.#ask((id) => ({ type: "close", id })).pipe(
      Effect.timeout(CLOSE_MS),
      Effect.ignore,
      Effect.andThen(Effect.promise(() => this.#thread.end())),
      Effect.asVoid,
    )
  }

  #append(entry: AuditEntry): Effect.Effect<readonly AuditRow[], AuditError> {
    const prepared = entryToWrite(entry)
    if (prepared instanceof AuditError) return Effect.fail(prepared)
    return this.rows((id) => ({ type: "append", id, entry: prepared }))
  }

  #ask(request: (id: number) => AuditRequest): Effect.Effect<AuditReply, AuditError> {
    return Effect.callback((resume) => {
      if (this.#failure !== undefined) {
        resume(Effect.fail(this.#failure))
        return
      }
      const id = this.#nextId++
      this.#waiting.set(id, resume)
      try {
        this.#thread.post(request(id))
      } catch (error) {
        this.#waiting.delete(id)
        resume(Effect.fail(auditErrorOf(error, this.#folder)))
      }
    })
  }

  #receive(reply: AuditReply): void {
    if (reply.type === "opened") {
      Deferred.doneUnsafe(this.opened, Effect.succeed(reply.verifierKey))
      return
    }
    if (reply.type === "lost") {
      this.#lose(errorOf(reply.failure))
      return
    }
    const answer = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    answer?.(reply.type === "failed" ? Effect.fail(errorOf(reply.failure)) : Effect.succeed(reply))
  }

  #lose(error: AuditError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    Deferred.doneUnsafe(this.opened, Effect.fail(error))
    Deferred.doneUnsafe(this.lost, Effect.fail(error))
    for (const answer of this.#waiting.values()) answer(Effect.fail(error))
    this.#waiting.clear()
  }

  #unavailable(found: string): AuditError {
    const message = `The audit log in ${this.#folder} is not there: ${found}; an open log was expected. It is opened again; if that fails, look with \`jett audit verify\`.`
    return new AuditError({ reason: "unavailable", message })
  }
}

const threadData = ({ folder, version, maxPages, ...options }: AuditLogOptions): AuditThreadData => ({
  folder,
  version,
  maxPages,
  checkpointRows: options.checkpointRows ?? DEFAULTS.checkpointRows,
  checkpointMs: options.checkpointMs ?? DEFAULTS.checkpointMs,
  retentionMs: (options.retentionDays ?? DEFAULTS.retentionDays) * DAY_MS,
  busyMs: options.busyMs ?? DEFAULTS.busyMs,
})

const errorOf = ({ reason, message }: PlainFailure): AuditError => new AuditError({ reason, message })

/** Serialised here: no other thread can be handed whatever a payload may hold. */
const entryToWrite = ({ payload, ...entry }: AuditEntry): EntryToWrite | AuditError => {
  if (payload === undefined) return entry
  try {
    const text = canonicalJson(payload)
    const payloadText =
      text.length > MAX_PAYLOAD_CHARACTERS ? canonicalJson({ tooLongCharacters: text.length }) : text
    return { ...entry, payloadText }
  } catch (cause) {
    const message =
      "The payload of an audit row cannot be written as JSON; plain values were expected. This is a defect of the tool that made it."
    return new AuditError({ reason: "failed", message, cause })
  }
}
