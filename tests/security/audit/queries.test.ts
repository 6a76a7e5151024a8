import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { ORPHANS, RECENT } from "../../../src/security/audit/audit-writer.ts"
import { Sqlite } from "../../../src/security/audit/sqlite.ts"
import { sampleLog } from "../../support/audit-logs.ts"

test.each([
  ["recent rows", RECENT, [0, "boot", 0]],
  ["orphans", ORPHANS, []],
])("%s are found by indexes: no query walks through all rows", (_, sql, values) => {
  const database = new Sqlite(join(sampleLog(20), "audit.db"), { readonly: true })
  onTestFinished(() => void database.close())
  const plan = database
    .prepare<unknown[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => detail)
  expect(plan.length).toBeGreaterThan(2)
  // The intents' own index holds nothing but intents.
  const walks = plan.filter((step) => /^SCAN/.test(step) && !step.includes("INDEX rows_intents"))
  expect(walks).toEqual([])
})
