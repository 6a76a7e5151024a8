import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import * as Effect from "effect/Effect"
import { describe, expect, test } from "vitest"
import type { CommandContext } from "../../src/cli/command.ts"
import { run } from "../../src/cli/pin.ts"
import { stateFolder } from "../../src/config/paths.ts"
import { openPin } from "../../src/security/pin.ts"
import { environmentIn, temporaryDirectory, testContext } from "../support/cli.ts"

const PIN = "4831"

/** A terminal that notes whether it shows what is typed. */
function terminal() {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => {
      modes.push(raw)
    },
  })
  return { stdin, modes }
}

function prepare(verb: "pin set" | "pin clear", overrides: Partial<CommandContext> = {}) {
  const env = environmentIn(temporaryDirectory())
  const { stdin, modes } = terminal()
  const { context: made, written } = testContext(verb, { env, ...overrides })
  const context: CommandContext = { ...made, io: { ...made.io, stdin, interactive: true } }
  const pin = openPin(stateFolder(env), { costLog2: 10 })
  const verify = (text: string) => Effect.runPromise(pin.verify(text))
  return { context, written, stdin, modes, pin, verify, env }
}

/** The same without a terminal. */
function prepareScript(input: string, options: CommandContext["options"] = { stdin: true }) {
  const prepared = prepare("pin set", { options })
  const stdin = new PassThrough()
  stdin.end(input)
  const { context } = prepared
  return { ...prepared, context: { ...context, io: { ...context.io, stdin, interactive: false } } }
}

describe("pin set on a terminal", () => {
  test("asks twice, shows nothing of it, and leaves the terminal as it was", async () => {
    const { context, written, stdin, modes, pin, verify } = prepare("pin set")
    const done = run(context, pin)
    for (const key of [...PIN, "\r", ...PIN, "\r"]) stdin.write(key)
    expect(await done).toBe(0)
    expect(await verify(PIN)).toBe("right")
    expect(written.out).toBe("")
    expect(written.err).toContain("New PIN (4 to 12 digits): \nThe same again: \nThe PIN is set.\n")
    expect(written.err).not.toMatch(/[0-9]{4}/)
    expect(modes).toEqual([true, false, true, false])
  })

  test("hides what is typed before it asks for it", async () => {
    const { context, stdin, modes, pin } = prepare("pin set")
    const shownWhile: (boolean | undefined)[] = []
    const io = {
      ...context.io,
      note: (text: string) => {
        if (text.endsWith(": ")) shownWhile.push(modes.at(-1))
      },
    }
    stdin.write(`${PIN}\r${PIN}\r`)
    expect(await run({ ...context, io }, pin)).toBe(0)
    expect(shownWhile).toEqual([true, true])
  })

  test("understands what is pasted at once, Backspace and Ctrl-U", async () => {
    const { context, stdin, pin, verify } = prepare("pin set")
    stdin.write(`99\u007f\u007f${PIN}5\b\n77\u0015${PIN}\n`)
    expect(await run(context, pin)).toBe(0)
    expect(await verify(PIN)).toBe("right")
  })

  test.each([
    ["two that differ", `${PIN}\n4832\n`, "the two are not the same"],
    ["one that is too short", "483\n", "4 to 12 digits"],
    ["one that is obvious", "1234\n", "harder to guess"],
    ["letters", "abcd\n", "4 to 12 digits"],
    ["Ctrl-D", "48\u0004", "nothing was changed"],
    ["an input that is a file", "4".repeat(1000), "expected one short line"],
  ])("%s change nothing", async (_what, typed, message) => {
    const { context, written, stdin, modes, pin, verify } = prepare("pin set")
    stdin.write(typed)
    const error = await run(context, pin).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining(message) })
    expect(JSON.stringify(error)).not.toContain(PIN)
    expect(written.err).not.toContain(PIN)
    expect(modes.at(-1)).toBe(false)
    expect(await verify(PIN)).toBe("not-set")
  })

  test("Ctrl-C ends it as it ends everything", async () => {
    const { context, stdin, modes, pin } = prepare("pin set")
    const done = run(context, pin)
    stdin.write("48\u0003")
    await expect(done).rejects.toMatchObject({ exitCode: 130 })
    expect(modes).toEqual([true, false])
  })

  test("the end of the terminal ends it, between the two questions too", async () => {
    const { context, stdin, pin } = prepare("pin set")
    stdin.end(`${PIN}\n`)
    await expect(run(context, pin)).rejects.toMatchObject({ exitCode: 1 })
  })

  test("a signal ends it, and the terminal shows again what is typed", async () => {
    const stopping = new AbortController()
    const { context, modes, pin } = prepare("pin set", { signal: stopping.signal })
    const done = run(context, pin)
    stopping.abort("SIGTERM")
    await expect(done).rejects.toBe("SIGTERM")
    expect(modes).toEqual([true, false])
  })
})

describe("pin set in a script", () => {
  test.each([`${PIN}\n`, PIN, `${PIN}\r\n`])("takes the line %j", async (input) => {
    const { context, written, pin, verify } = prepareScript(input)
    expect(await run(context, pin)).toBe(0)
    expect(await verify(PIN)).toBe("right")
    expect(written.err).toBe("The PIN is set.\n")
  })

  test.each(["", "\n", "abcd\n", "1111\n", "48 31\n"])("does not take %j", async (input) => {
    const { context, pin, verify } = prepareScript(input)
    await expect(run(context, pin)).rejects.toThrow()
    expect(await verify(PIN)).toBe("not-set")
  })

  test("wants --stdin, so that nothing is read by mistake", async () => {
    const { context, pin } = prepareScript(`${PIN}\n`, {})
    await expect(run(context, pin)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("--stdin"),
    })
  })

  test("--stdin on a terminal would show it: usage", async () => {
    const { context, stdin, pin } = prepare("pin set", { options: { stdin: true } })
    stdin.write(`${PIN}\n`)
    await expect(run(context, pin)).rejects.toMatchObject({ exitCode: 2 })
  })

  test("prints data with --json, and no PIN", async () => {
    const { context, written, pin } = prepareScript(`${PIN}\n`)
    await run({ ...context, json: true }, pin)
    expect(JSON.parse(written.out)).toEqual({ set: true })
    expect(written.err).toBe("")
  })
})

test("pin clear forgets it, and says whether there was one", async () => {
  const { context, written, pin, verify } = prepare("pin clear")
  expect(await run(context, pin)).toBe(0)
  await Effect.runPromise(pin.set(PIN))
  expect(await run(context, pin)).toBe(0)
  expect(written.err).toBe("There was no PIN.\nThe PIN is forgotten.\n")
  expect(await verify(PIN)).toBe("not-set")
  await run({ ...context, json: true }, pin)
  expect(JSON.parse(written.out)).toEqual({ cleared: false })
})

test("the PIN is kept in the state folder, and no file there has it in clear", async () => {
  const { context, env } = prepareScript(`${PIN}\n`)
  expect(await run(context)).toBe(0)
  const folder = join(env["HOME"] ?? "", ".local/state/jett")
  expect(readdirSync(folder)).toEqual(["pin.json"])
  const { salt, hash, ...rest } = JSON.parse(readFileSync(join(folder, "pin.json"), "utf8"))
  expect(rest).toEqual({ version: 1, costLog2: 15 })
  expect([salt, hash].map((text: string) => text.length)).toEqual([32, 64])
})
