import { table } from "../src/cli/output.ts"
import { type Bar, type Result, type Unit, verdictOf } from "./result.ts"

/** What a person reads on a terminal. */
export const textReport = (result: Result): string =>
  [
    `\n${result.benchmark}: ${result.startedAt}, ${duration(result.durationSeconds)}, revision ${result.revision}${result.quick ? ", --quick" : ""}\n`,
    `${machineLine(result)}\n`,
    ...result.machine.warnings.map((warning) => `! ${warning}: these numbers are not the machine's best\n`),
    ...settingsOf(result).map((line) => `${line}\n`),
    ...(result.measurements.length > 0
      ? [
          "\n",
          table([
            ["measured", "unit", "n", "p50", "p95", "max"],
            ...result.measurements.map(({ what, unit, count, p50, p95, max }) => [
              what,
              unit,
              String(count),
              ...[p50, p95, max].map((value) => number(value, unit)),
            ]),
          ]),
        ]
      : []),
    ...(result.bars.length > 0
      ? ["\n", table([["bar", "found", "limit", "verdict"], ...result.bars.map(barCells)])]
      : []),
    "\n",
    ...result.notes.map((note) => `- ${note}\n`),
  ].join("")

/** A bar in one line. */
export const barLine = (bar: Bar): string => {
  const [what, found, limit, verdict] = barCells(bar)
  return `${what}: found ${found}, limit ${limit}, ${verdict}`
}

/** `benchmarks/RESULTS.md`: the last kept result of each benchmark. */
export const markdownReport = (results: readonly Result[]): string =>
  [
    "# Results",
    "",
    "Written by `npm run bench -- <benchmark> --write` from the JSON in `benchmarks/results`; do not edit it by hand.",
    "How each number is measured is in [README.md](README.md).",
    ...results.flatMap((result) => [
      "",
      `## ${result.benchmark}`,
      "",
      `${result.startedAt.slice(0, 10)}, ${duration(result.durationSeconds)}, revision \`${result.revision}\`${result.quick ? ", **with `--quick`: too few for a verdict**" : ""}. ${machineLine(result)}.`,
      ...result.machine.warnings.map((warning) => `\n**Warning**: ${warning}.`),
      ...settingsOf(result).map((line) => `\n${line}.`),
      ...(result.bars.length > 0
        ? ["", ...markdownTable(["bar", "found", "limit", "verdict"], result.bars.map(barCells))]
        : []),
      ...(result.measurements.length > 0
        ? [
            "",
            ...markdownTable(
              ["measured", "n", "p50", "p95", "max"],
              result.measurements.map(({ what, unit, count, p50, p95, max }) => [
                unit === "" ? what : `${what} (${unit})`,
                String(count),
                ...[p50, p95, max].map((value) => number(value, unit)),
              ]),
            ),
          ]
        : []),
      "",
      ...result.notes.map((note) => `- ${note}`),
    ]),
    "",
  ].join("\n")

const barCells = (bar: Bar): readonly [string, string, string, string] => [
  bar.what,
  withUnit(bar.found, bar.unit),
  `${bar.sense === "at most" ? "≤" : "≥"} ${withUnit(bar.limit, bar.unit)}`,
  verdictOf(bar),
]

const machineLine = ({ machine }: Result): string =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.os}, Node ${machine.node}; load ${machine.loadAtStart} before, ${machine.loadAtEnd} after${machine.othersPercent === undefined ? "" : `, others used ${machine.othersPercent} %`}`

const settingsOf = ({ settings }: Result): readonly string[] => {
  const changed = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
  return changed.length > 0 ? [`settings that are not the default: ${changed.join(", ")}`] : []
}

const number = (value: number, unit: Unit): string => {
  if (Number.isNaN(value)) return "-"
  if (unit === "ms" || unit === "MiB") return value.toFixed(Math.abs(value) < 10 ? 1 : 0)
  return Number.isInteger(value) && unit !== "%"
    ? String(value)
    : value.toFixed(unit === "%" || unit === "/s" ? 1 : 2)
}

const withUnit = (value: number, unit: Unit): string =>
  Number.isNaN(value) ? "not measured" : `${number(value, unit)}${unit === "" ? "" : ` ${unit}`}`

const duration = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`

const markdownTable = (
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => [
  `| ${heading.join(" | ")} |`,
  `|${heading.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`,
  ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
]
