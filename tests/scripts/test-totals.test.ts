import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { temporaryFolder } from "../support/model-fixture.ts"

const script = fileURLToPath(new URL("../../scripts/test-totals.mjs", import.meta.url))

const totalsOf = async (
  reports: readonly unknown[],
  missing: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) => {
  const folder = await temporaryFolder()
  const paths = reports.map((_report, index) => join(folder, `${index}.json`))
  for (const [index, report] of reports.entries()) await writeFile(paths[index] ?? "", JSON.stringify(report))
  return new Promise<readonly [exitCode: number, line: string]>((resolve) => {
    execFile(process.execPath, [script, ...paths, ...missing], { env }, (error, stdout) => {
      resolve([typeof error?.code === "number" ? error.code : 0, stdout])
    })
  })
}

const report = (...statuses: readonly string[]) => ({
  testResults: [
    {
      status: statuses.includes("failed") ? "failed" : "passed",
      name: "f.ts",
      assertionResults: statuses.map((status) => ({
        ...{ status, ancestorTitles: [], title: "t", fullName: "t" },
        failureMessages: status === "failed" ? ["expected 1\n  at f.ts:3"] : [],
      })),
    },
  ],
})

test("the closing line sums every report", async () => {
  expect(await totalsOf([report("passed", "skipped"), report("passed", "todo", "passed")])).toEqual([
    0,
    "3 passed, 0 failed, 2 skipped\n",
  ])
})

test("a failed test is named, and ends with exit code 1", async () => {
  expect(await totalsOf([report("passed", "failed")])).toEqual([
    1,
    "FAILED: f.ts: t: expected 1\n1 passed, 1 failed, 0 skipped\n",
  ])
})

test("a file that could not be loaded counts as failed", async () => {
  const file = { name: "g.ts", status: "failed", message: "SyntaxError", assertionResults: [] }
  expect(await totalsOf([report("passed"), { testResults: [file] }])).toEqual([
    1,
    "FAILED: g.ts: could not be loaded: SyntaxError\n1 passed, 1 failed, 0 skipped\n",
  ])
})

test("a report that was never written counts as failed", async () => {
  expect(await totalsOf([report("passed")], ["/nowhere/fast.json"])).toEqual([
    1,
    "FAILED: there is no report /nowhere/fast.json\n1 passed, 1 failed, 0 skipped\n",
  ])
})

test("no test at all is not a success", async () => {
  expect(await totalsOf([report("skipped")])).toEqual([1, "0 passed, 0 failed, 1 skipped\n"])
})

test("checks that are no tests are part of the sum", async () => {
  const env = { CHECKS_PASSED: "6", CHECKS_FAILED: "1" }
  expect(await totalsOf([report("passed")], [], env)).toEqual([1, "7 passed, 1 failed, 0 skipped\n"])
})
