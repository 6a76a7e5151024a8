import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { redactPayload, redactText } from "../../../../src/actors/guard/audit/redact-payload.ts"

const redactor = { redact: (text: string) => Effect.succeed(text.replaceAll("hunter2", "[redacted]")) }
const redact = (payload: Readonly<Record<string, unknown>>) =>
  Effect.runPromise(redactPayload(redactor, payload))

describe("a payload on its way out", () => {
  it("is redacted wherever there is text, and keeps the rest", async () => {
    expect(
      await redact({ a: "hunter2", b: [{ c: "x hunter2" }], n: 1, t: true, z: null, u: undefined }),
    ).toEqual({ a: "[redacted]", b: [{ c: "x [redacted]" }], n: 1, t: true, z: null })
  })

  it("holds nothing that JSON cannot, and has a bound in every direction", async () => {
    const endless: Record<string, unknown> = {}
    endless["self"] = endless
    const text = JSON.stringify(
      await redact({ endless, f: () => 1, n: Number.NaN, long: "y".repeat(1e6), many: Array(1e5).fill(1) }),
    )
    expect(text.length).toBeLessThan(4000)
    expect(text).toContain("[withheld]")
  })

  it("does not keep half of a secret that the cut goes through", async () => {
    const long = `${"y".repeat(1995)}hunter2`
    expect(JSON.stringify(await redact({ long }))).not.toContain("hunt")
    expect(await Effect.runPromise(redactText(redactor, long, 1998))).not.toContain("hun")
  })
})
