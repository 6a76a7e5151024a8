import { describe, expect, it } from "vitest"
import {
  codeOfRefusal,
  denialSpeech,
  isDenialCode,
  UNRECORDED,
  unknownSpeech,
} from "../../../src/actors/guard/denial-speech.ts"
import type { DenialCode } from "../../../src/ports/guard.ts"

const codes: readonly DenialCode[] = [
  "malformed",
  "unknown-tool",
  "unknown-container",
  "not-permitted",
  "not-confident",
  "rate-limited",
  "consent-pending",
  "locked",
  "pin-needed",
  "pin-not-set",
  "refused-by-user",
  "consent-expired",
  "container-busy",
  "audit-unavailable",
  "not-connected",
  "engine-away",
  "identity",
  "timed-out",
  "cancelled",
  "internal",
]

describe("what is said about a denial", () => {
  it.each(codes)("is short and can be spoken: %s", (code) => {
    const speech = denialSpeech(code, "restart n eight n")
    expect(speech.split(/\s+/).length).toBeLessThanOrEqual(20)
    expect(speech).toMatch(/^[A-Z][A-Za-z ,.:']+[.]$/)
    expect(isDenialCode(code)).toBe(true)
  })

  it("is a sentence of its own for each code", () => {
    expect(new Set(codes.map((code) => denialSpeech(code))).size).toBe(codes.length)
  })

  it("never claims that something was done, nor that nothing was when that is unknown", () => {
    expect(unknownSpeech("stop postgres")).toBe(
      "I tried to stop postgres, but I don't know whether it worked.",
    )
    expect(UNRECORDED.split(" ").length).toBeLessThanOrEqual(20)
  })

  it("knows its codes, and nothing that only looks like one", () => {
    for (const text of ["constructor", "toString", "", undefined]) expect(isDenialCode(text)).toBe(false)
  })

  it("takes silence for no answer, and everything else that is no consent for a refusal", () => {
    expect(codeOfRefusal("silence")).toBe("consent-expired")
    expect(codeOfRefusal("too-many-failures")).toBe("locked")
    expect(codeOfRefusal("wrong-channel")).toBe("refused-by-user")
  })
})
