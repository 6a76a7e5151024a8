import fc from "fast-check"
import { expect, it } from "vitest"
import { OutputRing } from "../../../src/actors/hosts/output-ring.ts"

it("keeps exactly the last bytes of what a process wrote", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes.map((b) => 97 + (b % 26))))),
      (chunks) => {
        const ring = new OutputRing(20)
        for (const chunk of chunks) ring.push(chunk)
        expect(ring.text()).toBe(Buffer.concat(chunks).toString().slice(-20))
      },
    ),
  )
})
