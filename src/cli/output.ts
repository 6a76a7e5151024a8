import type { CommandContext } from "./command.ts"

/** One JSON document on stdout, with `--json`. */
export function printJson(context: CommandContext, value: unknown): void {
  context.io.out(`${JSON.stringify(value, undefined, 2)}\n`)
}

/** Rows as aligned columns; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join("  "),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join("")
}

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const

/** `text` in a colour, where colour is wanted. */
export function paint(colour: boolean, name: keyof typeof codes, text: string): string {
  return colour ? `\u001B[${codes[name]}m${text}\u001B[0m` : text
}

/** Text from a device or a peer, made safe to show: control characters could drive the terminal. */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}/gu, "\uFFFD")
}
