#!/usr/bin/env node
/*
 * Prints what failed and the closing line of `.ci/run` from vitest's JSON reports and `CHECKS_PASSED`, `CHECKS_FAILED`
 * (the checks that are no tests), and ends with 1 where something failed.
 */
import { plainLine, readReports } from "./lib/test-report.mjs"

const checks = (name) => Number(process.env[name] ?? 0)

const totals = readReports(process.argv.slice(2))
totals.passed += checks("CHECKS_PASSED")
totals.failed += checks("CHECKS_FAILED")
for (const failure of totals.failedTests) process.stdout.write(`FAILED: ${failure}\n`)
process.stdout.write(`${plainLine(totals)}\n`)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
