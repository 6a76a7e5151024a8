import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "./run.mjs"
import { closingLines, readReports, skippedBecause } from "./test-report.mjs"

const PROJECTS = ["fast", "integration"]

/**
 * Runs the fast tests, then the integration tests alone (they measure time on the same cores), and sums them up.
 * The reports stay in `$JETT_TEST_REPORTS` where it is set. Resolves to an exit code.
 */
export const runTests = async (root, args, say) => {
  const kept = process.env.JETT_TEST_REPORTS
  const reports = kept || mkdtempSync(join(tmpdir(), "jett-tests-"))
  mkdirSync(reports, { recursive: true })
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
  let exitCode = 0
  const files = []
  for (const project of PROJECTS) {
    say(`running the ${project} tests`)
    const file = join(reports, `${project}.json`)
    rmSync(file, { force: true })
    const code = await run(
      process.execPath,
      [
        vitest,
        "run",
        "--project",
        project,
        "--passWithNoTests",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${file}`,
        ...args,
      ],
      { cwd: root },
    )
    if (code >= 128) return code
    if (exitCode === 0) exitCode = code
    files.push(file)
  }
  const totals = readReports(files)
  for (const [reason, count] of skippedBecause(totals)) {
    process.stdout.write(`\nskipped ${count} test${count === 1 ? "" : "s"}: ${reason}`)
  }
  process.stdout.write(`\n\n${closingLines(totals)}\n`)
  if (!kept) rmSync(reports, { recursive: true, force: true })
  return exitCode !== 0 ? exitCode : totals.failed > 0 ? 1 : 0
}
