import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { callFingerprint, consentHash } from "../../../../src/actors/guard/consent/consent-hash.ts"
import type { Operation } from "../../../../src/ports/guarded-tool.ts"

const operation: Operation = {
  tool: "restart",
  tier: "change",
  subject: "n8n",
  container: "n8n",
  arguments: { container: "n8n", grace: 10 },
  spoken: "restart n eight n",
}

describe("the hash that a consent is bound to", () => {
  it("is the same for the same thing, whatever the order of its arguments", () => {
    const turned = { ...operation, arguments: { grace: 10, container: "n8n" } }
    expect(consentHash(turned, { id: "a" }, "t")).toBe(consentHash(operation, { id: "a" }, "t"))
    expect(consentHash(operation, { id: "a" }, "t")).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each<[string, Operation, string, string]>([
    ["tool", { ...operation, tool: "stop" }, "a", "t"],
    ["subject", { ...operation, subject: "postgres" }, "a", "t"],
    ["argument", { ...operation, arguments: { container: "n8n", grace: 11 } }, "a", "t"],
    ["kind of an argument", { ...operation, arguments: { container: "n8n", grace: "10" } }, "a", "t"],
    ["container's id", operation, "b", "t"],
    ["turn", operation, "a", "u"],
  ])("is another one for another %s", (_, other, id, turn) => {
    expect(consentHash(other, { id }, turn)).not.toBe(consentHash(operation, { id: "a" }, "t"))
  })

  it("does not take parts of one thing for parts of another", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (tool, id, otherTool, otherId) => {
        fc.pre(tool !== otherTool || id !== otherId)
        const one = consentHash({ ...operation, tool }, { id }, "t")
        expect(consentHash({ ...operation, tool: otherTool }, { id: otherId }, "t")).not.toBe(one)
      }),
    )
    expect(consentHash(operation, undefined, "t")).not.toBe(consentHash(operation, { id: "null" }, "t"))
  })
})

describe("the fingerprint of a call", () => {
  it("is that of its name and arguments, in any order of keys", () => {
    expect(callFingerprint("a", { x: 1, y: { p: [1], q: 2 } })).toBe(
      callFingerprint("a", { y: { q: 2, p: [1] }, x: 1 }),
    )
    expect(callFingerprint("a", { x: [1, 2] })).not.toBe(callFingerprint("a", { x: [2, 1] }))
    expect(callFingerprint("a", { x: 1 })).not.toBe(callFingerprint("b", { x: 1 }))
  })

  it("is none for arguments that are no plain values", () => {
    const endless: Record<string, unknown> = {}
    endless["self"] = endless
    expect(callFingerprint("a", endless)).toBeUndefined()
    expect(callFingerprint("a", { big: 1n })).toBeUndefined()
  })
})
