import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { readDocument, repository } from "../support/documentation.ts"

/** The rows of every table of SECURITY.md whose last column is headed "Test". */
const rows = ((): readonly string[] => {
  const found: string[] = []
  let isIn = false
  for (const line of readDocument("SECURITY.md").split("\n")) {
    if (!line.startsWith("|")) isIn = false
    else if (isIn && !line.startsWith("|---")) found.push(line)
    else if (line.endsWith("| Test |")) isIn = true
  }
  return found
})()

/** `tests/x.test.ts` "a title"; a row may name several. */
const proofsOf = (row: string): readonly { readonly file: string; readonly title: string }[] =>
  [...(row.split("|").at(-2) ?? "").matchAll(/`(tests\/[\w./-]+\.test\.ts)` "([^"]+)"/g)].map(
    ([, file = "", title = ""]) => ({ file, title }),
  )

describe("SECURITY.md", () => {
  test("has a table of promises, one of attacks with all eleven classes, and one of the agentic top ten", () => {
    const first = rows.map((row) => row.split("|")[1]?.trim() ?? "")
    for (let i = 1; i <= 11; i++) expect(first).toContain(`A${i}`)
    for (let i = 1; i <= 10; i++)
      expect(first.filter((cell) => cell.startsWith(`ASI${String(i).padStart(2, "0")} `))).toHaveLength(1)
    expect(rows.length).toBeGreaterThan(30)
  })

  test.each(rows)("proves what it says: %s", (row) => {
    const proofs = proofsOf(row)
    expect(proofs).not.toEqual([])
    for (const { file, title } of proofs) {
      const path = join(repository, file)
      expect(existsSync(path) ? readFileSync(path, "utf8") : `${file} does not exist`).toContain(title)
    }
  })
})
