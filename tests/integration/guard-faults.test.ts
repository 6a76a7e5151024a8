import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import type { ToolResult } from "../../src/ports/tools.ts"
import { verifyLog } from "../../src/security/audit/verify-log.ts"
import { type ActionsRig, type ActionsRigOptions, actionsRig, openIntents } from "../support/actions-rig.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { temporaryDirectory } from "../support/cli.ts"
import { type FakeDocker, fakeDocker } from "../support/fake-docker.ts"
import type { FakeFault } from "../support/fake-docker-fault.ts"

const isRoot = process.getuid?.() === 0

/** An engine with the container "web", which is healthy as soon as it is up. */
const engineWithWeb = async (): Promise<FakeDocker> => {
  const engine = await fakeDocker()
  engine.state.add("web", { health: "healthy", afterStart: { looks: 0, becomes: "healthy" } })
  return engine
}

const actions = async (options: ActionsRigOptions): Promise<ActionsRig> => {
  const rig = await actionsRig(options)
  onTestFinished(() => rig.close())
  return rig
}

const together = async (settings: ActionsRigOptions["settings"] = {}) => {
  const engine = await engineWithWeb()
  const home = temporaryDirectory()
  return { engine, home, rig: await actions({ home, host: engine.host, settings }) }
}

/** What it came to, in one word. */
const word = (result: ToolResult): string => (result.type === "denied" ? result.code : result.outcome)

/** As long as a fault lasts that is over, the same call may be refused for a moment. */
const untilDone = async (rig: ActionsRig, withinMs = 10_000): Promise<void> => {
  for (const deadline = Date.now() + withinMs; ; await delay(100)) {
    const result = await rig.call("restart_container")
    if (word(result) === "done") return
    if (Date.now() > deadline) expect(result).toMatchObject({ outcome: "done" })
  }
}

const expectWholeLog = (rig: ActionsRig): void => {
  expect(verifyLog(rig.database)).toMatchObject({ verdict: "valid" })
  expect(openIntents(rig.rows())).toEqual([])
}

/** An engine that does not answer is not waited for long. */
const IMPATIENT = { "docker.timeout_ms": "1000" }

const FAULTS: readonly FakeFault[] = [
  { type: "hang" },
  { type: "hang-in-body" },
  { type: "reset" },
  { type: "close" },
  { type: "garbage" },
  { type: "truncated" },
  { type: "wrong-length", by: 5 },
  { type: "huge", bytes: 8 * 2 ** 20 },
  { type: "redirect", location: "http://127.0.0.1:1/" },
  { type: "status", status: 404 },
  { type: "status", status: 409 },
  { type: "status", status: 500 },
  { type: "drip", bytes: 1, everyMs: 20 },
]

const nameOf = (fault: FakeFault): string =>
  fault.type === "status" ? `status ${fault.status}` : `${fault.type}`

describe("An engine that misbehaves", () => {
  test.each(FAULTS.map((fault) => [nameOf(fault), fault] as const))(
    "whenever it is asked (%s) is never said to have done anything, and works again afterwards",
    async (_, fault) => {
      const { engine, rig } = await together(IMPATIENT)
      const before = engine.state.get("web").startedAtMs
      const heal = engine.fail(fault)
      for (const tool of ["restart_container", "container_status", "container_logs", "container_stats"])
        expect([tool, word(await rig.call(tool))]).not.toEqual([tool, "done"])
      expect(engine.changes()).toEqual([])
      expect(engine.state.get("web").startedAtMs).toBe(before)
      heal()
      await untilDone(rig)
      expectWholeLog(rig)
    },
  )

  test.each(FAULTS.map((fault) => [nameOf(fault), fault] as const))(
    "when it is to change something (%s) did nothing, and nobody says that it did",
    async (_, fault) => {
      const { engine, rig } = await together(IMPATIENT)
      const web = engine.state.get("web")
      const before = web.startedAtMs
      const heal = engine.fail(fault, { method: "POST" })
      const said = word(await rig.call("restart_container"))
      // A fault that spoils only the answer has done it; then an answer that has no body is right.
      const isDone = web.startedAtMs !== before
      expect(isDone ? ["done", "unknown"] : ["failed", "unknown"]).toContain(said)
      heal()
      await untilDone(rig)
      expectWholeLog(rig)
    },
  )

  test.each(FAULTS.filter(({ type }) => type !== "status").map((fault) => [nameOf(fault), fault] as const))(
    "that does what it was told and does not say so (%s) is not said to have done nothing",
    async (_, fault) => {
      const { engine, rig } = await together(IMPATIENT)
      const heal = engine.fail(fault, { method: "POST", acts: true })
      const result = await rig.call("restart_container")
      expect(["done", "unknown"]).toContain(word(result))
      expect(result.speech).not.toMatch(/nothing/)
      heal()
      await untilDone(rig)
      expectWholeLog(rig)
    },
  )

  test("that is away is not waited for, and is found again", async () => {
    const { engine, rig } = await together()
    expect(word(await rig.call("restart_container"))).toBe("done")
    await engine.crash()
    expect(word(await rig.call("restart_container"))).toBe("engine-away")
    expect(word(await rig.call("container_status"))).not.toBe("done")
    await engine.restart()
    await untilDone(rig)
    expectWholeLog(rig)
  })

  test("that goes away between the question and the deed did nothing", async () => {
    const { engine, rig } = await together()
    const result = await rig.call("restart_container", { meanwhile: () => engine.crash() })
    expect(["engine-away", "failed"]).toContain(word(result))
    expect(engine.changes()).toEqual([])
    await engine.restart()
    await untilDone(rig)
    expectWholeLog(rig)
  })
})

describe("A container between the question and the deed", () => {
  test.each([
    ["renamed", (engine: FakeDocker): void => engine.state.rename("web", "other")],
    ["removed", (engine: FakeDocker): void => engine.state.remove("web")],
    ["recreated", (engine: FakeDocker): void => void engine.state.recreate("web")],
  ] as const)("%s is left alone, and that is said", async (_, meanwhile) => {
    const { engine, rig } = await together()
    const result = await rig.call("restart_container", { meanwhile: () => meanwhile(engine) })
    expect(["identity", "engine-away"]).toContain(word(result))
    expect(engine.changes()).toEqual([])
    expectWholeLog(rig)
  })

  test.each([
    ["renamed", (engine: FakeDocker): void => engine.state.rename("web", "other"), ["failed"]],
    ["removed", (engine: FakeDocker): void => engine.state.remove("web"), ["failed"]],
    ["recreated", (engine: FakeDocker): void => void engine.state.recreate("web"), ["identity-changed"]],
  ] as const)("%s as the request arrives is never said to be done", async (_, meanwhile, said) => {
    const { engine, rig } = await together()
    engine.before({ method: "POST" }, () => meanwhile(engine))
    expect(said).toContain(word(await rig.call("restart_container")))
    expectWholeLog(rig)
  })
})

describe("Two callers at once", () => {
  test("with the same id are told the same, and it is done once", async () => {
    const { engine, rig } = await together()
    const both = await Promise.all([
      rig.call("restart_container", { callId: "same" }),
      rig.call("restart_container", { callId: "same" }),
    ])
    expect(both[0]).toEqual(both[1])
    expect(both[0]).toMatchObject({ outcome: "done" })
    expect(engine.changes()).toHaveLength(1)
    expectWholeLog(rig)
  })

  test("are not asked at once: the other one is refused, and one thing is done", async () => {
    const { engine, rig } = await together()
    const said = (await Promise.all([rig.call("restart_container"), rig.call("stop_container")])).map(word)
    expect(said.filter((each) => each === "done")).toHaveLength(1)
    expect(engine.changes()).toHaveLength(1)
    const many = await Promise.all(Array.from({ length: 20 }, () => rig.call("restart_container")))
    expect(engine.changes()).toHaveLength(1 + many.filter((each) => word(each) === "done").length)
    expectWholeLog(rig)
  })
})

describe("A wall clock that is moved", () => {
  test.each([
    ["not at all", 0],
    ["an hour ahead", 3_600_000],
    ["an hour back", -3_600_000],
    ["ten years ahead", 10 * 365 * 86_400_000],
    ["to the year 1975", -50 * 365 * 86_400_000],
  ])("%s gives no operation back and makes nothing untrue, over a restart too", async (_, byMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() })
    onTestFinished(() => void vi.useRealTimers())
    const engine = await engineWithWeb()
    // The engine is another machine, whose clock goes on.
    const aheadMs = Date.now() - performance.now()
    engine.state.now = () => aheadMs + performance.now()
    const home = temporaryDirectory()
    const settings = { "guard.per_minute": "3" }
    const first = await actionsRig({ home, host: engine.host, settings })
    expect(
      word(await first.call("restart_container", { meanwhile: () => vi.setSystemTime(Date.now() + byMs) })),
    ).toBe("done")
    expect(word(await first.call("container_status"))).toBe("done")
    expect(word(await first.call("container_status"))).toBe("done")
    expect(word(await first.call("container_status"))).toBe("rate-limited")
    await first.close()
    const second = await actions({ home, host: engine.host, settings })
    expect(word(await second.call("container_status"))).toBe("rate-limited")
    expectWholeLog(second)
  })
})

describe("The audit log", () => {
  test("whose folder is not there yet is made, closed to others", async () => {
    const { rig, home } = await together()
    await untilDone(rig)
    expect(statSync(join(home, "state", "jett", "audit")).mode & 0o777).toBe(0o700)
    expect(statSync(rig.database).mode & 0o777).toBe(0o600)
  })

  test("that is no database lets nothing through, and with it out of the way a new one is begun", async () => {
    const engine = await engineWithWeb()
    const home = temporaryDirectory()
    const folder = join(home, "state", "jett", "audit")
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, "audit.db"), "this is no database ".repeat(500), { mode: 0o600 })
    const rig = await actions({ home, host: engine.host })
    for (const tool of ["restart_container", "container_status"])
      expect(await rig.call(tool)).toMatchObject({ type: "denied", code: "audit-unavailable" })
    expect(engine.requests).toEqual([])
    renameSync(folder, `${folder}.broken`)
    await untilDone(rig)
    expectWholeLog(rig)
  })

  test("that is taken away while Jett runs is not written into nowhere", async () => {
    const { engine, rig, home } = await together()
    await untilDone(rig)
    const changes = engine.changes().length
    renameSync(join(home, "state", "jett"), join(home, "state", "gone"))
    const result = await rig.call("restart_container")
    expect([word(result), engine.changes().length]).toEqual(["audit-unavailable", changes])
    await untilDone(rig)
    expectWholeLog(rig)
  })

  test("that another process writes lets nothing through until that one is gone", async () => {
    const engine = await engineWithWeb()
    engine.state.add("worker")
    const home = temporaryDirectory()
    const other = await otherWriter(join(home, "state"), engine.host)
    const rig = await actions({ home, host: engine.host })
    expect(await rig.call("restart_container")).toMatchObject({ code: "audit-unavailable" })
    const argv = ["tools", "call", "container_status", `{"container":"web"}`, "--json"]
    const settings = ["--set", `docker.host=${engine.host}`, "--config", configOf(home)]
    const command = new BuiltCommand(home, [...argv, ...settings], { XDG_STATE_HOME: join(home, "state") })
    const { exitCode, out } = await command.finished
    expect([exitCode, out]).toEqual([4, expect.stringContaining("audit-unavailable")])
    other.kill("SIGKILL")
    await untilDone(rig)
    expectWholeLog(rig)
  })

  test.skipIf(!isRoot)("on a disk that is read-only lets nothing through [needs root]", async (context) => {
    const disk = mountDisk(4_096)
    if (disk === undefined) return context.skip("tmpfs cannot be mounted")
    const engine = await engineWithWeb()
    spawnSync("mount", ["-o", "remount,ro", disk])
    const rig = await actionsRig({ home: disk, host: engine.host })
    try {
      for (const tool of ["restart_container", "container_logs"])
        expect(await rig.call(tool)).toMatchObject({ code: "audit-unavailable" })
      expect(engine.requests).toEqual([])
      spawnSync("mount", ["-o", "remount,rw", disk])
      await untilDone(rig)
      expectWholeLog(rig)
    } finally {
      await rig.close()
    }
  })

  test.skipIf(!isRoot)(
    "on a disk that is full lets nothing through; one that fills up in the middle loses no truth [needs root]",
    async (context) => {
      const disk = mountDisk(2_048)
      if (disk === undefined) return context.skip("tmpfs cannot be mounted")
      const engine = await engineWithWeb()
      const rig = await actionsRig({ home: disk, host: engine.host })
      const ballast = join(disk, "ballast")
      const fill = (): void => {
        // Until nothing more goes in; what was written stays.
        spawnSync("sh", ["-c", 'cat /dev/zero > "$1"', "sh", ballast], { stdio: "ignore" })
      }
      try {
        await untilDone(rig)
        engine.clear()
        fill()
        let refused: ToolResult | undefined
        // What the log has room for in its own pages is still written.
        for (let i = 0; i < 50 && refused === undefined; i++) {
          const result = await rig.call("container_status")
          if (result.type === "denied") refused = result
        }
        expect(refused).toMatchObject({ code: "audit-unavailable" })
        expect(await rig.call("restart_container")).toMatchObject({ code: "audit-unavailable" })
        expect(engine.changes()).toEqual([])
        rmSync(ballast)
        await untilDone(rig)
        expectWholeLog(rig)
        engine.before({ method: "POST" }, fill)
        const result = await rig.call("restart_container")
        // It was done, and is said to be; where that could not be written down, that is said too, and written later.
        expect(result).toMatchObject({ outcome: "done" })
        if (openIntents(rig.rows()).length > 0) expect(result.speech).toContain("I couldn't write that down")
        rmSync(ballast)
        await untilDone(rig)
        expectWholeLog(rig)
      } finally {
        await rig.close()
      }
    },
  )
})

/** A small disk of its own, or undefined where none may be mounted. */
const mountDisk = (kib: number): string | undefined => {
  const disk = mkdtempSync(join(tmpdir(), "jt-"))
  onTestFinished(() => rmSync(disk, { recursive: true, force: true }))
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k,mode=700`, "tmpfs", disk]).status !== 0)
    return undefined
  onTestFinished(() => void spawnSync("umount", [disk]))
  return disk
}

const configOf = (home: string): string => {
  const path = join(home, "config.toml")
  writeFileSync(path, `[containers.web]\nallow = ["status"]\n`)
  return path
}

const PROGRAM = fileURLToPath(new URL("../fixtures/guard-actions.mjs", import.meta.url))

/** Another assistant's actions on the same state, stopped in the middle of their work. */
const otherWriter = async (state: string, host: string): Promise<ChildProcess> => {
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const child = spawn(process.execPath, [PROGRAM, state, host, "act", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  await new Promise((resolve) => child.stdout?.once("data", resolve))
  // What it does counts for the limit of whoever comes after it.
  child.kill("SIGSTOP")
  return child
}
