import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import { openAuditLog } from "../../src/security/audit/audit-log.ts"

/** A process that appends to the log in the folder given until it is killed; "seq hash" for each row acknowledged. */
const [folder = ""] = process.argv.slice(2)
const LANES = [0, 1, 2, 3]

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const log = yield* openAuditLog({ folder, version: "0.0.0", checkpointRows: 32 })
      const lane = (number: number) =>
        Effect.gen(function* () {
          for (let i = 0; ; i++) {
            const row = yield* log.append({
              kind: i % 2 === 0 ? "intent" : "outcome",
              callId: `${process.pid}-${number}-${Math.floor(i / 2)}`,
              tool: "restart_container",
              payload: { number, i },
            })
            writeSync(1, `${row.seq} ${row.hash}\n`)
          }
        })
      yield* Effect.all(LANES.map(lane), { concurrency: "unbounded" })
    }),
  ),
)
