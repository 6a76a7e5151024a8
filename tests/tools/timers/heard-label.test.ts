import { expect, it } from "vitest"
import { heardLabel } from "../../../src/tools/timers/heard-label.ts"
import type { Timer } from "../../../src/tools/timers/timer.ts"

const timer = (label?: string): Timer => ({
  id: `${label}`,
  ...(label === undefined ? {} : { label }),
  seconds: 60,
  setAtMs: 0,
  endsAtMs: 60_000,
})
const timers = [timer("pasta"), timer("washing machine"), timer("egg"), timer(), timer("pasta")]

it.each([
  ["pasta", "pasta"],
  ["pastor", "pasta"],
  ["past a", "pasta"],
  ["washing machines", "washing machine"],
  ["egg", "egg"],
  // Too short to go by sound.
  ["leg", "leg"],
  ["pizza", "pizza"],
  ["laundry", "laundry"],
])("“%s” means “%s”", (heard, label) => {
  expect(heardLabel(heard, timers)).toBe(label)
})

it("prefers the very word to what sounds like it, and takes none of two that sound alike", () => {
  expect(heardLabel("pastor", [timer("pasta"), timer("pastor")])).toBe("pastor")
  expect(heardLabel("posta", [timer("pasta"), timer("pesto")])).toBe("posta")
  expect(heardLabel("pasta", [])).toBe("pasta")
})
