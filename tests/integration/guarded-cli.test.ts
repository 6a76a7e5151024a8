import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dataFolder } from "../../src/config/paths.ts"
import { BuiltCommand, entry } from "../support/built-cli.ts"
import { eventually } from "../support/processes.ts"
import { RealDocker } from "../support/real-docker.ts"
import { describeWith } from "../support/require-component.ts"
import { RunningCommand } from "../support/running-command.ts"
import { TerminalCommand } from "../support/terminal.ts"

const RESTART = ["tools", "call", "restart_container", '{"container":"n8n"}'] as const

/** The same door from the command line: the built program, a terminal, and an engine that really restarts. */
describeWith(["models", "docker"], "a container is restarted from the command line", () => {
  const home = mkdtempSync(join(tmpdir(), "jg-"))
  const env = {
    JETT_CONFIG: join(home, "config.toml"),
    XDG_STATE_HOME: join(home, "state"),
    JETT_AUDIO_BACKEND: "null",
  }
  let docker: RealDocker

  const jett = (...argv: readonly string[]) => new BuiltCommand(home, argv, env).finished
  const whole = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"] ?? homedir(),
    XDG_DATA_HOME: dataFolder(process.env).replace(/\/jett$/, ""),
    XDG_RUNTIME_DIR: home,
    ...env,
  }
  const terminal = (...argv: readonly string[]) => new TerminalCommand(argv, whole)
  /** As a script gives a secret: by a pipe. */
  const piped = (input: string, ...argv: readonly string[]) => {
    const command = new RunningCommand([entry, ...argv], whole, "pipe")
    command.child.stdin?.end(input)
    return command.finished
  }
  const startedAt = (name: string) => docker.inspect(name, "State.StartedAt")

  beforeAll(async () => {
    docker = await RealDocker.start()
    await docker.run("n8n")
    await docker.run("postgres")
    writeFileSync(
      env.JETT_CONFIG,
      `[docker]\nhost = "${docker.host}"\n[containers.n8n]\nallow = ["status", "restart"]\n[containers.postgres]\nallow = ["status", "restart"]\n`,
    )
  })
  afterAll(async () => {
    await docker?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const asksAndRestarts = async () => {
    const before = await startedAt("n8n")
    const command = terminal(...RESTART)
    const word = await command.shows(/Do you want me to restart n eight n\? To confirm, say: ([a-z]+)\./)
    expect(await startedAt("n8n")).toBe(before)
    command.type(word)
    expect([await command.finished, command.screen]).toEqual([
      0,
      expect.stringContaining("N eight n was restarted and is running."),
    ])
    expect(await startedAt("n8n")).not.toBe(before)
  }

  const refusesWithout = async () => {
    const before = await startedAt("n8n")
    const alone = await jett(...RESTART)
    expect(alone).toMatchObject({ exitCode: 4, err: expect.stringMatching(/typed at a terminal/) })
    const declined = terminal(...RESTART)
    await declined.shows(/To confirm, say: /)
    declined.type("no")
    expect([await declined.finished, declined.screen]).toEqual([
      4,
      expect.stringContaining("Okay, I won't restart n eight n."),
    ])
    expect(await startedAt("n8n")).toBe(before)
  }

  const isValid = async () => {
    const verified = await jett("audit", "verify")
    expect(verified).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^valid/) })
  }

  describe("while no daemon runs", () => {
    it("for the word that is typed at a terminal", asksAndRestarts)
    it("and for nothing less", refusesWithout)
    it("with a log that is in order", isValid)
  })

  describe("by the daemon that runs", () => {
    let daemon: BuiltCommand
    beforeAll(async () => {
      daemon = new BuiltCommand(home, ["serve"], env)
      await eventually("the daemon is ready", () => daemon.err.includes("ready:"), 60_000)
    })
    afterAll(async () => {
      daemon.child.kill("SIGTERM")
      await daemon.finished
    })

    it("for the word that is typed at a terminal", asksAndRestarts)
    it("and for nothing less", refusesWithout)

    it("a database for its PIN alone, which is typed", async () => {
      const before = await startedAt("postgres")
      const setting = terminal("pin", "set")
      await setting.shows(/New PIN/)
      setting.type("4711")
      await setting.shows(/The same again/)
      setting.type("4711")
      expect([await setting.finished, setting.screen]).toEqual([
        0,
        expect.stringContaining("The PIN is set."),
      ])
      expect(setting.screen).not.toContain("4711")
      const asked = await jett("tools", "call", "restart_container", '{"container":"postgres"}')
      expect(asked).toMatchObject({
        exitCode: 4,
        out: "To restart postgres I need your PIN. Type jett confirm at the desktop.\n",
      })
      const wrong = terminal("confirm")
      await wrong.shows(/restart postgres\s+PIN: /)
      wrong.type("0000")
      expect([await wrong.finished, wrong.screen]).toEqual([4, expect.stringContaining("was not the PIN")])
      expect(wrong.screen).not.toContain("0000")
      expect(await startedAt("postgres")).toBe(before)
      const right = await piped("4711\n", "confirm", "--stdin")
      expect(right).toMatchObject({ exitCode: 0, out: "Postgres was restarted and is running.\n" })
      expect(await startedAt("postgres")).not.toBe(before)
    })

    it("with a log that is in order", isValid)
  })

  it("and after three wrong words by no process at all, for a while", async () => {
    const before = await startedAt("n8n")
    const guessing = terminal(...RESTART)
    for (let asked = 1; asked <= 3; asked++) {
      await guessing.shows(new RegExp(`(?:say: \\w+\\.[^]*){${asked}}`))
      guessing.type("yes")
    }
    const locked = "That was confirmed wrongly too often, so it is locked for a few minutes."
    expect([await guessing.finished, guessing.screen]).toEqual([4, expect.stringContaining(locked)])
    expect(await jett(...RESTART)).toMatchObject({ exitCode: 4, out: `${locked}\n` })
    expect(await startedAt("n8n")).toBe(before)
    await isValid()
  })
})
