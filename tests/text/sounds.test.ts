import fc from "fast-check"
import { expect, test } from "vitest"
import { soundDistance, soundsOf } from "../../src/text/sounds.ts"

test.each([
  ["quadrant", "kwadrant"],
  ["Quad-rant", "kwad rant"],
  ["phone", "fown"],
  ["knight", "nite"],
  ["engine x", "engine ecks"],
  ["n8n", "en eight en"],
  ["p d", "pea dee"],
])("%j and %j sound alike", (a, b) => {
  expect(soundDistance(soundsOf(a), soundsOf(b))).toBeLessThan(0.2)
})

test.each([
  ["postgres", "quadrant"],
  ["n8n", "portainer"],
  ["redis", "caddy"],
  ["start", "status"],
])("%j and %j do not", (a, b) => {
  expect(soundDistance(soundsOf(a), soundsOf(b))).toBeGreaterThan(0.4)
})

test("where the blanks are makes no difference, and what cannot be said makes no sound", () => {
  expect(soundsOf("port tainer")).toBe(soundsOf("portainer"))
  expect(soundsOf("... —")).toBe("")
  expect(soundDistance("", "")).toBe(1)
})

test("the distance is 0 for the same, the same both ways, and never above 1", () => {
  const words = fc.array(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(words, words, (some, others) => {
      const [a, b] = [soundsOf(some.join(" ")), soundsOf(others.join(" "))]
      const distance = soundDistance(a, b)
      expect(distance).toBeCloseTo(soundDistance(b, a), 10)
      expect(distance).toBeGreaterThanOrEqual(0)
      expect(distance).toBeLessThanOrEqual(1)
      if (a !== "") expect(soundDistance(a, a)).toBe(0)
    }),
    { numRuns: 500 },
  )
})
