import { expect, test } from "vitest"
import { SourceFailure, StoreFailure, sortFailure } from "../../../src/models/sources/failures.ts"

const systemError = (code: string) => Object.assign(new Error(`${code}: some call failed`), { code })

test.each([
  ["ENOSPC", "cannot write to /store: the disk is full"],
  ["EDQUOT", "cannot write to /store: the disk quota is used up"],
  ["EACCES", "cannot write to /store: permission denied"],
  ["EROFS", "cannot write to /store: the file system is read-only"],
])("%s is a problem of this machine, said in words", (code, message) => {
  const failure = sortFailure(new Error("wrapped", { cause: systemError(code) }), "/store")
  expect(failure).toBeInstanceOf(StoreFailure)
  expect(failure.message).toBe(message)
})

test("anything else is the source's, with the messages along the chain of causes", () => {
  const failure = sortFailure(new TypeError("fetch failed", { cause: systemError("ENOTFOUND") }), "/store")
  expect(failure).toBeInstanceOf(SourceFailure)
  expect(failure.message).toBe("fetch failed: ENOTFOUND: some call failed")
})
