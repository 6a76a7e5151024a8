import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { onTestFinished } from "vitest"
import type { CommandContext, CommandIo } from "../../src/cli/command.ts"

/** A folder of this test's own, mode 0700, removed after it. Short: a socket's path may have 107 bytes. */
export function temporaryDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), "jt-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The environment of a user whose folders are all in `home`. */
export const environmentIn = (home: string): Readonly<Record<string, string>> => ({
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_DATA_HOME: join(home, "data"),
  XDG_RUNTIME_DIR: home,
})

export interface Written {
  out: string
  err: string
}

/** A context that writes into strings. `answers` are typed on a terminal; without them there is none. */
export function testContext(
  verb: string,
  overrides: Partial<CommandContext> & { readonly answers?: string } = {},
): { readonly context: CommandContext; readonly written: Written } {
  const { answers, ...given } = overrides
  const written: Written = { out: "", err: "" }
  const stdin = new PassThrough()
  stdin.end(answers ?? "")
  const io: CommandIo = {
    stdin: Object.assign(stdin, { isTTY: answers !== undefined }),
    out: (text) => {
      written.out += text
    },
    note: (text) => {
      written.err += text
    },
    colour: false,
    interactive: answers !== undefined,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
  }
  const context: CommandContext = {
    verb,
    args: [],
    options: {},
    json: false,
    env: {},
    io,
    configFile: undefined,
    overrides: new Map(),
    signal: new AbortController().signal,
    ...given,
  }
  return { context, written }
}
