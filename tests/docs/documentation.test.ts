import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, test } from "vitest"
import packageJson from "../../package.json" with { type: "json" }
import { ExitCode } from "../../src/cli/exit-code.ts"
import { runProgram } from "../../src/cli/program.ts"
import { type CommandDefinition, commands } from "../../src/cli/registry.ts"
import { namedSettings, sectionDefinitions } from "../../src/config/definition.ts"
import { conversationMachine } from "../../src/machines/conversation/conversation.ts"
import { testContext } from "../support/cli.ts"
import {
  codeSpans,
  documents,
  readDocument,
  repository,
  shellLines,
  tableRows,
  wordsOf,
} from "../support/documentation.ts"

const readme = readDocument("README.md")

/** What commander makes of the words after `npx jett`: stopped after parsing, before the verb's file is loaded. */
async function parse(argv: readonly string[]): Promise<{ readonly ok: boolean; readonly message: string }> {
  const { context, written } = testContext("docs")
  let parsed: CommandDefinition | undefined
  const exitCode = await runProgram({
    argv,
    env: {},
    io: context.io,
    signal: context.signal,
    onCommand: (command) => {
      parsed = command
      throw new Error("parsed")
    },
  })
  return { ok: parsed !== undefined || exitCode === ExitCode.ok, message: written.err.trim() }
}

const scripts: ReadonlySet<string> = new Set(Object.keys(packageJson.scripts))

/** Why a command of the documentation cannot work, or undefined. */
async function problemOf(line: string): Promise<string | undefined> {
  const [program, first = "", second = ""] = wordsOf(line)
  switch (program) {
    case "npx": {
      if (first !== "jett") return undefined
      const { ok, message } = await parse(wordsOf(line).slice(2))
      return ok ? undefined : message
    }
    case "npm": {
      const script = first === "run" ? second : first
      const isOurs = ["run", "test", "start"].includes(first)
      return !isOurs || scripts.has(script) ? undefined : `package.json has no script "${script}"`
    }
    case "node":
    case "bash":
      return existsSync(join(repository, first)) ? undefined : `${first} does not exist`
    default: {
      const missing = wordsOf(line).find((word) => /^(models|scripts|demo)\//.test(word) && !exists(word))
      return missing === undefined ? undefined : `${missing} does not exist`
    }
  }
}

const exists = (path: string): boolean => existsSync(join(repository, path))

describe.each(documents())("%s", (document) => {
  const markdown = readDocument(document)

  test("names only commands that the command line and the scripts understand", async () => {
    const inLine = codeSpans(markdown).filter((code) => /^(npx jett|npm|node scripts\/) ?/.test(code))
    // `npx jett` and `npm run …` in a sentence name a kind of command, not one.
    const lines = [...shellLines(markdown), ...inLine].filter(
      (line) => !/…|^(npx jett|npm( run)?)$/.test(line),
    )
    const problems = await Promise.all(lines.map(async (line) => ({ line, problem: await problemOf(line) })))
    expect(problems.filter(({ problem }) => problem !== undefined)).toEqual([])
  })

  test("links only to files that are there", () => {
    const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = ""]) => link)
    expect(links.filter((link) => !exists(join(dirname(document), link)))).toEqual([])
  })

  test("names only source files that are there", () => {
    const paths = codeSpans(markdown).filter((code) => /^[\w.-]+\/[\w./-]+\.(ts|mjs|json|md|py)$/.test(code))
    // A page may speak of its own folder, and of `actors/bridge.ts` for `src/actors/bridge.ts`.
    const folders = ["", "src", dirname(document)]
    expect(paths.filter((path) => !folders.some((folder) => exists(join(folder, path))))).toEqual([])
  })

  test("names only settings that there are", () => {
    const known = new Set(namedSettings.map(({ key }) => key))
    const named = codeSpans(markdown)
      .flatMap((code) => /^[a-z]+\.[a-z_]+(?= = |$)/.exec(code)?.[0] ?? [])
      .filter((code) => sectionDefinitions.has(code.split(".")[0] ?? "") && !code.endsWith(".ts"))
    expect(named.filter((key) => !known.has(key))).toEqual([])
  })
})

test("the README's table of settings gives the defaults", () => {
  const wrong = tableRows(readme, "Setting").flatMap(([keys = "", value = ""]) =>
    codeSpans(keys).flatMap((key) => {
      const fallback = namedSettings.find((setting) => setting.key === key)?.setting.fallback
      const said = codeSpans(value)[0]
      return said === undefined || said === JSON.stringify(fallback) ? [] : [{ key, said, fallback }]
    }),
  )
  expect(wrong).toEqual([])
})

test("the README's table of commands has every verb and no other", () => {
  const rows = tableRows(readme, "`npx jett …`").flatMap(([verbs = ""]) => codeSpans(verbs))
  const named = rows.map((code) => code.replace(/ (--|[A-Z]).*$/, ""))
  expect(named.toSorted()).toEqual(commands.map(({ name }) => name).toSorted())
})

test("the README's table of exit codes has every code and no other", () => {
  const named = tableRows(readme, "Exit code").flatMap(([codes = ""]) => codes.split(", ").map(Number))
  expect(named).toEqual(Object.values(ExitCode).toSorted((a, b) => a - b))
})

test("the README's picture shows states and steps that the conversation has", () => {
  const picture = /```mermaid\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
  const states = conversationMachine.states["dialogue"]?.states ?? {}
  const named = new Set(picture.match(/\b[a-z]\w+(?= -->)|(?<=--> )\w+/g))
  expect(named.size).toBeGreaterThan(5)
  expect([...named].filter((state) => !Object.hasOwn(states, state))).toEqual([])
})
