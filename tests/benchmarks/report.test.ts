import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { keepResult } from "../../benchmarks/kept-results.ts"
import { textReport } from "../../benchmarks/report.ts"
import { type Bar, measured, type Result, verdictOf } from "../../benchmarks/result.ts"

const bar = (found: number, more: Partial<Bar> = {}): Bar => ({
  what: "end of speech → audible",
  found,
  limit: 550,
  sense: "at most",
  unit: "ms",
  indicative: false,
  ...more,
})

const result = (benchmark: string, more: Partial<Result> = {}): Result => ({
  benchmark,
  quick: false,
  startedAt: "2026-01-02T03:04:05.000Z",
  durationSeconds: 300,
  revision: "0123456789ab",
  machine: {
    cpu: "A CPU",
    cores: 2,
    memoryGib: 8,
    os: "An OS",
    node: "v20.20.2",
    loadAtStart: 0.1,
    loadAtEnd: 1.5,
    othersPercent: 1,
    stolenPercent: 0,
    warnings: [],
  },
  settings: {},
  measurements: [measured("total", "ms", [400, 500, 600])],
  bars: [bar(500), bar(551)],
  notes: ["three | four"],
  ...more,
})

test("a bar is met at its limit and not beyond, in its own sense", () => {
  expect(verdictOf(bar(550))).toBe("pass")
  expect(verdictOf(bar(550.1))).toBe("FAIL")
  expect(verdictOf(bar(94.9, { limit: 95, sense: "at least" }))).toBe("FAIL")
  expect(verdictOf(bar(95, { limit: 95, sense: "at least" }))).toBe("pass")
})

test("what was not measured fails, and what was measured on too few is put in brackets", () => {
  expect(verdictOf(bar(Number.NaN))).toBe("FAIL")
  expect(verdictOf(bar(Number.NaN, { sense: "at least" }))).toBe("FAIL")
  expect(verdictOf(bar(500, { indicative: true }))).toBe("(pass)")
  expect(verdictOf(bar(600, { indicative: true }))).toBe("(fail)")
})

test("the text names the machine, its warnings, changed settings and each verdict", () => {
  const text = textReport(
    result("voice", {
      settings: { "wake.threshold": "0.6" },
      machine: {
        ...result("voice").machine,
        warnings: ["the machine was busy before the start (load 4 on 2 cores)"],
      },
    }),
  )
  expect(text).toContain("A CPU, 2 cores, 8 GiB, An OS, Node v20.20.2")
  expect(text).toContain("! the machine was busy before the start (load 4 on 2 cores)")
  expect(text).toContain("wake.threshold = 0.6")
  expect(text).toMatch(/500 ms\s+≤ 550 ms\s+pass/)
  expect(text).toMatch(/551 ms\s+≤ 550 ms\s+FAIL/)
})

test("kept results replace older ones of the same benchmark, and RESULTS.md holds them all in one order", () => {
  const folder = mkdtempSync(join(tmpdir(), "jett-results-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const url = pathToFileURL(`${folder}/`)
  keepResult(url, result("llm"))
  keepResult(url, result("voice", { revision: "old" }))
  keepResult(url, result("voice", { revision: "new", quick: true }))
  const text = readFileSync(join(folder, "RESULTS.md"), "utf8")
  expect(text.indexOf("## voice")).toBeLessThan(text.indexOf("## llm"))
  expect(text).not.toContain("`old`")
  expect(text).toContain("`new`, **with `--quick`: too few for a verdict**")
  expect(text).toContain("| end of speech → audible | 551 ms | ≤ 550 ms | FAIL |")
})
