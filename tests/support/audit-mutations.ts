import type Database from "better-sqlite3"
import type { Verdict } from "../../src/security/audit/verify-report.ts"

/** A change of a log of 21 rows with a text in each but the first, signed at 8, 16 and 21. */
export interface AuditMutation {
  readonly title: string
  readonly verdict: Verdict
  readonly firstBadRow: number | undefined
  /** The triggers are out of the way. */
  readonly change: (database: Database.Database) => void
}

const mutation = (
  title: string,
  firstBadRow: number | undefined,
  sql: string,
  verdict: Verdict = "broken",
): AuditMutation => ({
  title,
  verdict,
  firstBadRow,
  change: (database) => void database.exec(sql),
})

const withoutRows = (where: string): string =>
  `DELETE FROM payloads WHERE ${where}; DELETE FROM rows WHERE ${where}`

export const mutations: readonly AuditMutation[] = [
  mutation("a row taken out of the middle", 7, withoutRows("seq = 7")),
  mutation(
    "a row taken out, and those after it moved up",
    7,
    `${withoutRows("seq = 7")}; UPDATE rows SET seq = seq - 1 WHERE seq > 7; UPDATE payloads SET seq = seq - 1 WHERE seq > 7`,
  ),
  mutation("the first row taken out", 1, withoutRows("seq = 1")),
  mutation("all rows taken out", undefined, "DELETE FROM payloads; DELETE FROM rows", "truncated"),
  mutation(
    "the last rows taken out, but not the checkpoints",
    undefined,
    withoutRows("seq > 16"),
    "truncated",
  ),
  mutation(
    "two rows swapped",
    7,
    "UPDATE rows SET seq = 1000 WHERE seq = 7; UPDATE rows SET seq = 7 WHERE seq = 8; UPDATE rows SET seq = 8 WHERE seq = 1000",
  ),
  mutation(
    "a row repeated at the end",
    22,
    "INSERT INTO rows SELECT 22, prev, at_ms, mono_ms, boot, kind, call_id, turn_id, conversation_id, origin, tool, container, target_id, tier, tainted, decision, reason, NULL, hash FROM rows WHERE seq = 21",
  ),
  mutation("a row's hash changed", 7, "UPDATE rows SET hash = zeroblob(32) WHERE seq = 7"),
  mutation("a row's hash of a wrong length", 7, "UPDATE rows SET hash = x'00' WHERE seq = 7"),
  mutation(
    "a row after a gap in the numbers",
    22,
    "INSERT INTO rows SELECT 23, hash, at_ms, mono_ms, boot, kind, call_id, turn_id, conversation_id, origin, tool, container, target_id, tier, tainted, decision, reason, NULL, hash FROM rows WHERE seq = 21",
  ),
  mutation("a text changed", 7, `UPDATE payloads SET text = '{"row":99}' WHERE seq = 7`),
  mutation("a salt changed", 7, "UPDATE payloads SET salt = zeroblob(32) WHERE seq = 7"),
  mutation(
    "two texts swapped",
    7,
    "UPDATE payloads SET seq = 1000 WHERE seq = 7; UPDATE payloads SET seq = 7 WHERE seq = 8; UPDATE payloads SET seq = 8 WHERE seq = 1000",
  ),
  mutation("a text taken out, though nothing was erased", 7, "DELETE FROM payloads WHERE seq = 7"),
  mutation("a text given to a row that had none", 1, "INSERT INTO payloads VALUES (1, zeroblob(32), '{}')"),
  mutation("a text of no row", 22, "INSERT INTO payloads VALUES (40, zeroblob(32), '{}')"),
  mutation(
    "a checkpoint's signature changed",
    16,
    "UPDATE checkpoints SET note = replace(note, substr(note, -10, 4), 'AAAA') WHERE size = 16",
  ),
  mutation("a checkpoint moved to another row", 15, "UPDATE checkpoints SET size = 15 WHERE size = 16"),
  mutation(
    "a checkpoint copied to another row",
    9,
    "INSERT INTO checkpoints SELECT 9, note FROM checkpoints WHERE size = 8",
  ),
  mutation("another key", 1, "UPDATE log SET public_key = zeroblob(32)"),
  mutation("another origin", 1, "UPDATE log SET origin = 'jett/audit/0'"),
  mutation("another beginning", 1, "UPDATE log SET genesis = zeroblob(32)"),
]
