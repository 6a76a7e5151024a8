import type Database from "better-sqlite3"
import { sqlValues } from "./audit-row.ts"
import { isSame } from "./chain-check.ts"
import { genesisHash } from "./row-hash.ts"
import type { VerifierKey } from "./signed-note.ts"

/** Which log it is: written when it was begun, and part of every hash through the first row. */
export interface LogIdentity {
  readonly key: VerifierKey
  readonly genesis: Uint8Array
}

export const writeIdentity = (database: Database.Database, key: VerifierKey): void => {
  database
    .prepare("INSERT INTO log (id, origin, public_key, genesis) VALUES (1, ?, ?, ?)")
    .run(key.name, key.publicKey, genesisHash(key.name, key.publicKey))
}

/** Undefined where it is not there, or is not consistent. */
export const readIdentity = (database: Database.Database): LogIdentity | undefined => {
  const rows = database.prepare("SELECT origin, public_key, genesis FROM log").raw().all()
  const [name, publicKey, genesis] = sqlValues(rows[0])
  if (rows.length !== 1 || typeof name !== "string") return undefined
  if (!(publicKey instanceof Uint8Array) || !(genesis instanceof Uint8Array)) return undefined
  const key = { name, publicKey }
  return isSame(genesis, genesisHash(name, publicKey)) ? { key, genesis } : undefined
}

/** The highest number up to which rows say that texts were erased. */
export const erasedThrough = (database: Database.Database): bigint => {
  const sql =
    "SELECT max(CAST(target_id AS INTEGER)) FROM rows WHERE kind = 'erased' AND CAST(target_id AS INTEGER) < seq"
  const found = database.prepare<unknown[], unknown>(sql).pluck().safeIntegers().get()
  return typeof found === "bigint" ? found : 0n
}
