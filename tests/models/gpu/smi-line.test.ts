import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseMemoryLine } from "../../../src/models/gpu/smi-line.ts"

describe("parseMemoryLine", () => {
  test("reads a line, and counts what the driver reserves as in use", () => {
    expect(parseMemoryLine("0, NVIDIA GeForce RTX 3070, 550.54.14, 8192, 788, 7192")).toEqual({
      index: 0,
      name: "NVIDIA GeForce RTX 3070",
      driverVersion: "550.54.14",
      totalMib: 8192,
      usedMib: 1000,
    })
  })

  test("understands units, a carriage return and a name with a comma", () => {
    expect(parseMemoryLine("1, Odd, Ltd. GPU, 470.1, 8 GiB, 0 MiB, 7000 MiB\r")).toMatchObject({
      index: 1,
      name: "Odd, Ltd. GPU",
      totalMib: 8192,
      usedMib: 1192,
    })
  })

  test("goes by what is used where the driver does not tell what is free", () => {
    expect(parseMemoryLine("0, GPU, 1.0, 8192, 700, [N/A]")?.usedMib).toBe(700)
  })

  test.each([
    "",
    "index, name, driver_version, memory.total [MiB], memory.used [MiB], memory.free [MiB]",
    "0, GPU, 1.0, [N/A], [N/A], [N/A]",
    "0, GPU, 1.0, [Unknown Error], 1, 2",
    "0, GPU, 1.0, 8192, [GPU requires reset], [GPU requires reset]",
    "0, GPU, 1.0, 8192, 700",
    "0, GPU, 1.0, 819",
    "NVIDIA GeForce RTX 3070, 550.54.14, 8192, 788, 7192",
    "0, GPU, 1.0, 8192, 0, 9000",
    "0, GPU, 1.0, 0, 0, 0",
    "0, GPU, 1.0, -5, 0, 0",
    "0, GPU, 1.0, 8192, 1e3, 1e3",
    "Fehler: Treiber antwortet nicht, bitte neu starten, 1, 2, 3",
    "No devices were found",
  ])("takes nothing from %j", (line) => {
    expect(parseMemoryLine(line)).toBeUndefined()
  })

  test("never throws, and says nothing impossible, whatever the line", () => {
    const field = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom("[N/A]", "8192", "0", " 12 MiB"),
    )
    fc.assert(
      fc.property(fc.array(field, { maxLength: 9 }), (fields) => {
        const found = parseMemoryLine(fields.join(","))
        if (found === undefined) return
        expect(found.usedMib).toBeGreaterThanOrEqual(0)
        expect(found.usedMib).toBeLessThanOrEqual(found.totalMib)
      }),
    )
  })
})
