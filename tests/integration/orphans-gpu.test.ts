import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { BuiltCommand } from "../support/built-cli.ts"
import { smiLine } from "../support/fake-nvidia-smi.ts"
import { FakeNvml } from "../support/fake-nvml.ts"
import { descendantsOf } from "../support/process-tree.ts"
import { eventually, isRunning } from "../support/processes.ts"
import { describeWith } from "../support/require-component.ts"

/** However the GPU is read, and whatever hangs in the driver: nothing outlives the main process. */

const fixture = fileURLToPath(new URL("../fixtures/deaf-nvidia-smi.mjs", import.meta.url))

const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "jt-"))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** An nvidia-smi on PATH that says at most one line, reads nothing and ignores signals; and the ids of its processes. */
const deafSmi = (home: string, line: string) => {
  const log = join(home, "smi.log")
  const program = join(home, "nvidia-smi")
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${fixture}' '${log}' '${line}' "$@"\n`)
  chmodSync(program, 0o755)
  const pids = () =>
    existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean).map(Number) : []
  onTestFinished(() => {
    for (const pid of pids().filter(isRunning)) process.kill(pid, "SIGKILL")
  })
  return { pids, env: { PATH: `${home}:${process.env["PATH"]}` } }
}

const start = (home: string, env: Readonly<Record<string, string>>, ...argv: readonly string[]) => {
  const command = new BuiltCommand(home, argv, env)
  onTestFinished(() => {
    command.child.kill("SIGKILL")
  })
  return command
}

/** Ends it by SIGKILL, and expects all of `pids` and of its family to be gone soon. */
const killed = async (command: BuiltCommand, pids: () => readonly number[]): Promise<void> => {
  const family = [...descendantsOf(command.pid), ...pids()]
  expect(pids().filter(isRunning)).not.toEqual([])
  command.child.kill("SIGKILL")
  await command.finished
  await eventually("all of them are gone", () => !family.some(isRunning), 3000)
}

describe("SIGKILL of the main process, with an nvidia-smi that hangs", () => {
  it("leaves none of it where it has never said anything", async () => {
    const home = newHome()
    const smi = deafSmi(home, "")
    const command = start(home, smi.env, "gpu", "status")
    await eventually("nvidia-smi runs", () => smi.pids().length >= 2, 20_000)
    await killed(command, smi.pids)
  })

  it("leaves none of it behind the end that was asked for either", async () => {
    const home = newHome()
    const smi = deafSmi(home, smiLine(1000))
    const command = start(home, smi.env, "gpu", "status")
    const { out } = await command.finished
    expect(out).toContain("NVIDIA GeForce RTX 3070")
    await eventually("all of them are gone", () => !smi.pids().some(isRunning), 3000)
    expect(smi.pids()).toHaveLength(2)
  })
})

describeWith("models", "SIGKILL of jett serve, with an nvidia-smi that hangs after its first reading", () => {
  it("leaves none of it", async () => {
    const home = newHome()
    const smi = deafSmi(home, smiLine(1000))
    const command = start(home, smi.env, "serve", "--set", "audio.backend=null")
    await eventually("it is ready", () => command.err.includes("ready:"), 30_000)
    await eventually("nvidia-smi runs", () => smi.pids().length >= 2, 20_000)
    await killed(command, smi.pids)
  })
})

describeWith("cc", "SIGKILL of the main process, with NVML in a call that does not return", () => {
  it("leaves no child", async () => {
    const home = newHome()
    const smi = deafSmi(home, "")
    const library = new FakeNvml(home)
    library.set([["slow_ms", 60_000]])
    const command = start(home, { ...smi.env, ...library.env }, "gpu", "status")
    const children = () => descendantsOf(command.pid)
    await eventually("NVML is being asked", () => children().length >= 1, 20_000)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await killed(command, children)
  })
})
