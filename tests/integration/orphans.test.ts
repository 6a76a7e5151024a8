import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it, onTestFinished } from "vitest"
import { BuiltCommand } from "../support/built-cli.ts"
import { fixture } from "../support/nasty-host.ts"
import { commandsUnder, descendantsOf } from "../support/process-tree.ts"
import { eventually, isRunning } from "../support/processes.ts"
import { PulseRig } from "../support/pulse.ts"
import { describeWith } from "../support/require-component.ts"
import { joined, silence, spoken } from "../support/speech-samples.ts"
import { wavBytes } from "../support/wav-bytes.ts"
import { freeUrl } from "../support/wyoming-rig.ts"

/** Ctrl-C, or worse, at any moment: no process is left, nothing is locked, and the next command starts. */

const folder = mkdtempSync(join(tmpdir(), "jett-orphans-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let homes = 0
const start = (...argv: readonly string[]) => startIn({}, ...argv)

const startIn = (env: Readonly<Record<string, string>>, ...argv: readonly string[]) => {
  const home = join(folder, `h${homes++}`)
  mkdirSync(home, { mode: 0o700 })
  const command = new BuiltCommand(home, argv, env)
  onTestFinished(() => {
    command.child.kill("SIGKILL")
  })
  return { command, home }
}

/** Everything that the command has ever started, as far as looking every few ms can see. */
const watchChildren = (command: BuiltCommand) => {
  const seen = new Set<number>()
  const look = () => {
    for (const pid of descendantsOf(command.pid)) seen.add(pid)
  }
  const timer = setInterval(look, 25)
  onTestFinished(() => clearInterval(timer))
  return { seen, look }
}

const leftOver = (pids: Iterable<number>) => [...pids].filter(isRunning)

/** From a fixed seed, so that a failure can be repeated; printed with it. */
const SEED = 20_261
const moments = (count: number, upToMs: number): readonly number[] => {
  let state = SEED
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.round((state / 2 ** 32) * upToMs)
  })
}

describeWith("models", "Ctrl-C", () => {
  const wav = join(folder, "conversation.wav")
  writeFileSync(
    wav,
    wavBytes({
      data: Buffer.from(joined(spoken("capabilities"), silence(5), spoken("story"), silence(9)).buffer),
    }),
  )

  it.each(moments(4, 8000))(`${SEED}: after %i ms of jett listen leaves nothing`, async (ms) => {
    const { command } = start("listen", "--realtime", "--json", "--wav", wav)
    const { seen, look } = watchChildren(command)
    await new Promise((resolve) => setTimeout(resolve, ms))
    look()
    const askedAt = performance.now()
    command.child.kill("SIGINT")
    const { exitCode, signal, err } = await command.finished
    expect({ exitCode, signal, err }).toEqual(
      // Before the program has installed its handler, the signal itself ends it.
      signal === "SIGINT" ? { exitCode: null, signal, err: "" } : { exitCode: 130, signal: null, err: "" },
    )
    expect(performance.now() - askedAt).toBeLessThan(5000)
    expect(leftOver(seen)).toEqual([])
  })

  it("ends jett serve with 130, gives back lock and socket, and the next one starts", async () => {
    const { command, home } = start("serve", "--set", "audio.backend=null")
    const { seen, look } = watchChildren(command)
    await eventually("it is ready", () => command.err.includes("ready:"), 30_000)
    // It is ready before its models are.
    const allHosts = () => {
      look()
      return seen.size >= 4
    }
    await eventually("every host has been started", allHosts, 30_000)
    command.child.kill("SIGINT")
    expect(await command.finished).toMatchObject({ exitCode: 130, signal: null, out: "" })
    expect(leftOver(seen)).toEqual([])
    expect(existsSync(join(home, "jett/control.sock"))).toBe(false)
    expect(readdirSync(join(home, "jett")).filter((name) => name.includes("lock"))).toEqual([])
  })

  it.each(moments(2, 1500))(`${SEED}: %i ms into the start of jett serve leaves nothing`, async (ms) => {
    const { command, home } = start("serve", "--set", "audio.backend=null")
    const { seen, look } = watchChildren(command)
    await new Promise((resolve) => setTimeout(resolve, ms))
    look()
    command.child.kill("SIGINT")
    const { exitCode, signal } = await command.finished
    expect(signal === "SIGINT" ? 130 : exitCode).toBe(130)
    expect(leftOver(seen)).toEqual([])
    expect(existsSync(join(home, "jett/control.sock"))).toBe(false)
  })
})

describeWith("models", "SIGKILL of the main process", () => {
  it("ends its hosts within 2 s, in the middle of a turn too", async () => {
    const { command } = start("listen", "--realtime", "--json", "--wav", join(folder, "conversation.wav"))
    await eventually("it speaks", () => command.out.includes('"speaking"'), 30_000)
    const hosts = descendantsOf(command.pid)
    expect(hosts.length).toBeGreaterThanOrEqual(3)
    command.child.kill("SIGKILL")
    await command.finished
    await eventually("the hosts are gone", () => leftOver(hosts).length === 0, 2000)
  })
})

describeWith(["models", "pulse"], "SIGKILL of jett serve", () => {
  it("leaves no host, no server of others nor its keeper, and no process of the sound", async () => {
    const room = await PulseRig.start()
    onTestFinished(() => room.stop())
    const server = `"${process.execPath}" "${fixture("wyoming-server.mjs")}" {url}`
    const settings = {
      "audio.backend": "pulse",
      "audio.input": room.microphone,
      "audio.output": room.speaker,
      "stt.engine": "wyoming",
      "stt.wyoming_url": await freeUrl(),
      "stt.wyoming_command": server,
    }
    const sets = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`])
    const pulse = Object.entries(process.env).filter(([name]) => name.startsWith("PULSE_"))
    const { command, home } = startIn(
      Object.fromEntries(pulse.map(([name, value = ""]) => [name, value])),
      "serve",
      ...sets,
    )
    const { seen, look } = watchChildren(command)
    const runs = (what: RegExp) => commandsUnder(command.pid).some((line) => what.test(line))
    // From the start of the line: until it has become something else, a new process has the command line of its parent.
    const all = [
      /^parec /,
      /^pacat /,
      /^pactl /,
      /^\S+ \S+wyoming-keeper/,
      /^\S+ \S+wyoming-server.mjs tcp:/,
      /host-main/,
    ]
    await eventually("all of them run", () => all.every(runs), 30_000)
    await eventually("it is ready", () => command.err.includes("ready:"), 30_000)
    const ps = async () => JSON.parse((await new BuiltCommand(home, ["ps", "--json"]).finished).out).processes
    await expect
      .poll(ps, { timeout: 20_000, interval: 500 })
      .toContainEqual(expect.objectContaining({ id: "wyoming", state: "running", restarts: 0 }))
    expect(readdirSync(home).some((name) => name.startsWith("jett-wyoming-"))).toBe(true)
    look()
    command.child.kill("SIGKILL")
    await command.finished
    await eventually("all of them are gone", () => leftOver(seen).length === 0, 3000)
    expect(readdirSync(home).filter((name) => name.startsWith("jett-wyoming-"))).toEqual([])
  })
})
