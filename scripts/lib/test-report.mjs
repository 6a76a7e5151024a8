import { readFileSync } from "node:fs"

/**
 * Sums vitest's JSON reports. A report that is not there, or a file that could not even be loaded, is a failure:
 * what was not run must not look like what passed.
 */
export const readReports = (paths) => {
  const totals = {
    passed: 0,
    failed: 0,
    skipped: 0,
    files: { passed: 0, failed: 0, skipped: 0 },
    skippedTests: [],
    failedTests: [],
  }
  for (const path of paths) {
    let report
    try {
      report = JSON.parse(readFileSync(path, "utf8"))
    } catch {
      totals.failed += 1
      totals.files.failed += 1
      totals.failedTests.push(`there is no report ${path}`)
      continue
    }
    for (const file of report.testResults) addFile(totals, file)
  }
  return totals
}

const addFile = (totals, file) => {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const test of file.assertionResults) {
    const state = test.status === "passed" || test.status === "failed" ? test.status : "skipped"
    count[state] += 1
    if (state === "skipped") totals.skippedTests.push(test)
    if (state === "failed")
      totals.failedTests.push(describeFailure(file, test.fullName, test.failureMessages?.[0]))
  }
  if (file.status === "failed" && count.failed === 0) {
    count.failed = 1
    totals.failedTests.push(describeFailure(file, "could not be loaded", file.message))
  }
  const state = count.failed > 0 ? "failed" : count.passed > 0 ? "passed" : "skipped"
  totals.files[state] += 1
  for (const key of ["passed", "failed", "skipped"]) totals[key] += count[key]
}

const describeFailure = (file, what, message = "") =>
  [file.name, what, message.split("\n", 1)[0]].filter(Boolean).join(": ")

/** Why tests were skipped, with how many: the `[skipped: …]` of their suites' titles. */
export const skippedBecause = (totals) => {
  const reasons = new Map()
  for (const test of totals.skippedTests) {
    const titles = [...test.ancestorTitles, test.title].join(" ")
    const reason = /\[skipped: (.*?)\]/.exec(titles)?.[1] ?? `no reason given (${test.fullName})`
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  return reasons
}

const counts = ({ passed, failed, skipped }) => {
  const parts = [
    [failed, "failed"],
    [passed, "passed"],
    [skipped, "skipped"],
  ]
  const shown = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return `${shown.join(" | ") || "no tests"} (${passed + failed + skipped})`
}

/** The last two lines of a test run, in the form that vitest gives them. */
export const closingLines = (totals) => ` Test Files  ${counts(totals.files)}\n      Tests  ${counts(totals)}`

/** The closing line of the checks. */
export const plainLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
