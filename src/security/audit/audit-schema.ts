import type Database from "better-sqlite3"
import { FORMAT } from "./row-hash.ts"
import { Sqlite } from "./sqlite.ts"

/** In the database's header: "JeAu". */
export const APPLICATION_ID = 0x4a654175

/**
 * Rows are only ever added, each with the next number and its predecessor's hash. The triggers before an insert matter
 * most: `INSERT OR REPLACE` goes past those before an update or a delete unless `recursive_triggers` is on. A payload
 * may go once a row says that texts up to its number were erased.
 */
const DDL = `
CREATE TABLE log (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  origin TEXT NOT NULL,
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  genesis BLOB NOT NULL CHECK (length(genesis) = 32)
) STRICT;

CREATE TABLE rows (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  prev BLOB NOT NULL CHECK (length(prev) = 32),
  at_ms INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL,
  boot TEXT NOT NULL,
  kind TEXT NOT NULL,
  call_id TEXT CHECK (call_id IS NOT NULL OR kind NOT IN ('intent', 'outcome')),
  turn_id TEXT,
  conversation_id TEXT,
  origin TEXT,
  tool TEXT,
  container TEXT,
  target_id TEXT CHECK (kind <> 'erased' OR CAST(target_id AS INTEGER) BETWEEN 1 AND seq - 1),
  tier TEXT,
  tainted INTEGER CHECK (tainted IN (0, 1)),
  decision TEXT,
  reason TEXT,
  payload_commit BLOB CHECK (length(payload_commit) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE payloads (
  seq INTEGER PRIMARY KEY REFERENCES rows (seq),
  salt BLOB NOT NULL CHECK (length(salt) = 32),
  text TEXT NOT NULL
) STRICT;

CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY REFERENCES rows (seq),
  note TEXT NOT NULL
) STRICT;

CREATE INDEX rows_at ON rows (at_ms);
CREATE INDEX rows_uptime ON rows (boot, mono_ms);
CREATE INDEX rows_intents ON rows (seq) WHERE kind = 'intent';
CREATE INDEX rows_outcomes ON rows (call_id, seq) WHERE kind = 'outcome';
CREATE INDEX rows_erased ON rows (seq) WHERE kind = 'erased';

CREATE TRIGGER log_insert BEFORE INSERT ON log
WHEN EXISTS (SELECT 1 FROM log)
BEGIN SELECT RAISE(ABORT, 'append-only: log'); END;
CREATE TRIGGER log_update BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'append-only: log'); END;
CREATE TRIGGER log_delete BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'append-only: log'); END;

CREATE TRIGGER rows_insert BEFORE INSERT ON rows
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM rows)
  OR NEW.prev IS NOT coalesce((SELECT hash FROM rows ORDER BY seq DESC LIMIT 1), (SELECT genesis FROM log))
BEGIN SELECT RAISE(ABORT, 'append-only: rows'); END;
CREATE TRIGGER rows_update BEFORE UPDATE ON rows
BEGIN SELECT RAISE(ABORT, 'append-only: rows'); END;
CREATE TRIGGER rows_delete BEFORE DELETE ON rows
BEGIN SELECT RAISE(ABORT, 'append-only: rows'); END;

CREATE TRIGGER payloads_insert BEFORE INSERT ON payloads
WHEN NEW.seq IS NOT (SELECT max(seq) FROM rows)
  OR (SELECT payload_commit FROM rows WHERE seq = NEW.seq) IS NULL
  OR EXISTS (SELECT 1 FROM payloads WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'append-only: payloads'); END;
CREATE TRIGGER payloads_update BEFORE UPDATE ON payloads
BEGIN SELECT RAISE(ABORT, 'append-only: payloads'); END;
CREATE TRIGGER payloads_delete BEFORE DELETE ON payloads
WHEN OLD.seq > coalesce((SELECT max(CAST(target_id AS INTEGER)) FROM rows WHERE kind = 'erased'), 0)
BEGIN SELECT RAISE(ABORT, 'append-only: payloads'); END;

CREATE TRIGGER checkpoints_insert BEFORE INSERT ON checkpoints
WHEN NEW.size <= (SELECT max(size) FROM checkpoints) OR NEW.size > (SELECT max(seq) FROM rows)
BEGIN SELECT RAISE(ABORT, 'append-only: checkpoints'); END;
CREATE TRIGGER checkpoints_update BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'append-only: checkpoints'); END;
CREATE TRIGGER checkpoints_delete BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'append-only: checkpoints'); END;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${FORMAT};
`

/** To be run inside a transaction, on an empty database. */
export const createSchema = (database: Database.Database): void => {
  database.exec(DDL)
}

/** What the database says it is, from its header. */
export const headerOf = (
  database: Database.Database,
): { readonly applicationId: unknown; readonly format: unknown } => ({
  applicationId: database.pragma("application_id", { simple: true }),
  format: database.pragma("user_version", { simple: true }),
})

/** Nothing was ever written to it. */
export const isEmpty = (database: Database.Database): boolean =>
  headerOf(database).applicationId === 0 && Object.keys(objectsOf(database)).length === 0

/**
 * The first table, index or trigger that is not as it should be, as "trigger rows_update is missing"; undefined where all
 * are. Compared by their text.
 */
export const schemaDifference = (database: Database.Database): string | undefined => {
  const found = objectsOf(database)
  expected ??= expectedObjects()
  const known = expected
  for (const [name, sql] of Object.entries(known)) {
    if (!Object.hasOwn(found, name)) return `${name} is missing`
    if (found[name] !== sql) return `${name} was changed`
  }
  const extra = Object.keys(found).find((name) => !Object.hasOwn(known, name))
  return extra === undefined ? undefined : "something was added to the tables, indexes and triggers"
}

/** By "trigger rows_update": the text that made it. */
type SchemaObjects = Readonly<Record<string, string>>

/** Made once. */
let expected: SchemaObjects | undefined

const objectsOf = (database: Database.Database): SchemaObjects => {
  const result: Record<string, string> = Object.create(null)
  const rows = database.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema").raw()
  for (const row of rows.iterate()) {
    if (Array.isArray(row)) result[String(row[0])] = String(row[1])
  }
  return result
}

const expectedObjects = (): SchemaObjects => {
  const pristine = new Sqlite(":memory:")
  try {
    createSchema(pristine)
    return objectsOf(pristine)
  } finally {
    pristine.close()
  }
}
