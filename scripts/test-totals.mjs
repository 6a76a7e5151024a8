#!/usr/bin/env node
/* Prints the closing line of the checks from vitest's JSON reports, and ends with 1 where something failed. */
import { plainLine, readReports } from "./lib/test-report.mjs"

const totals = readReports(process.argv.slice(2))
process.stdout.write(`${plainLine(totals)}\n`)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
