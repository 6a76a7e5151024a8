import { expect, test } from "vitest"
import type { SqlValue } from "../../../src/security/audit/canonical-encoding.ts"
import { genesisHash, HASHED_COLUMNS, payloadCommit, rowHash } from "../../../src/security/audit/row-hash.ts"
import vectors from "../../vectors/audit.json" with { type: "json" }

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex")

const sqlValue = (value: string | number | null | { readonly hex: string }): SqlValue =>
  typeof value === "object" && value !== null ? bytes(value.hex) : value

test("the hashes are those of another implementation, written from the description", () => {
  const { origin, publicKey, genesis, rows, payloads } = vectors
  expect(genesisHash(origin, bytes(publicKey)).toString("hex")).toBe(genesis)
  for (const { salt, text, commit } of payloads) {
    expect(payloadCommit(bytes(salt), text).toString("hex")).toBe(commit)
  }
  for (const { values, hash } of rows) expect(rowHash(values.map(sqlValue)).toString("hex")).toBe(hash)
})

test("every row of the vectors names its predecessor, and every column is in one of them", () => {
  const prevs = vectors.rows.map(({ values }) => sqlValue(values[1] ?? null))
  const expected = [vectors.genesis, ...vectors.rows.map(({ hash }) => hash)].slice(0, prevs.length)
  expect(prevs).toEqual(expected.map(bytes))
  const used = HASHED_COLUMNS.filter((_, i) => vectors.rows.some(({ values }) => values[i] !== null))
  expect(used).toEqual(HASHED_COLUMNS)
})

test("a change of any column changes the hash", () => {
  const values = (vectors.rows[1]?.values ?? []).map(sqlValue)
  const hash = rowHash(values).toString("hex")
  for (const i of HASHED_COLUMNS.keys()) {
    for (const other of [null, 0, "other"]) {
      const changed = values.with(i, other)
      expect(rowHash(changed).toString("hex") === hash).toBe(values[i] === other)
    }
  }
})
