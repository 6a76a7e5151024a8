import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { startHostProcess } from "../../src/actors/hosts/host-process.ts"
import type { ModelReport } from "../../src/actors/models/model-actor.ts"
import { modelBranch } from "../../src/actors/models/model-branch.ts"
import { makeWyomingSpeech, type WyomingSpeech } from "../../src/actors/models/wyoming-speech.ts"
import { supervisionNotices } from "../../src/actors/supervision/supervision-notices.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import { DEFAULT_RESTART_POLICY } from "../../src/machines/supervision/restart-policy.ts"
import type { SupervisorReport } from "../../src/machines/supervision/supervision-types.ts"
import type { Residency, Tenant } from "../../src/ports/residency.ts"
import { fixture, requireBuiltHost } from "../support/nasty-host.ts"
import { openResidency } from "../support/open-residency.ts"
import { descendantsOf } from "../support/process-tree.ts"
import { childPids, eventually, isRunning } from "../support/processes.ts"
import { describeWith } from "../support/require-component.ts"
import { silence, spoken } from "../support/speech-samples.ts"
import {
  freeUrl,
  ownMemoryFolder,
  type WyomingRig,
  whisperCommand,
  withWyoming,
} from "../support/wyoming-rig.ts"

beforeAll(requireBuiltHost)

const keeperEntry = fileURLToPath(new URL("../../dist/models/wyoming-keeper.js", import.meta.url))

const server = (...options: readonly string[]) =>
  `"${process.execPath}" "${fixture("wyoming-server.mjs")}" {url} ${options.join(" ")}`

/** The fixture's transcript is its process id and its folder for temporary files. */
const ask = (speech: WyomingSpeech) =>
  Effect.map(speech.transcribe(silence(0.2)), ({ text }) => {
    const [pid = "", folder = ""] = text.split(" ")
    return { pid: Number(pid), folder }
  })

const until = (what: string, holds: () => boolean, withinMs?: number) =>
  Effect.promise(() => eventually(what, holds, withinMs))

const strike = (pid: number, signal: NodeJS.Signals) => Effect.sync(() => process.kill(pid, signal))

const phase = (speech: WyomingRig) => speech.children()[0]?.phase

describe("a Wyoming server of our own", () => {
  it("is a tenant of the ledger: leased before it starts, and given back when it is gone", async () => {
    const told: string[] = []
    let tenant: Tenant | undefined
    const residency: Residency = {
      register: (registered) => {
        tenant = registered
        return Effect.succeed({
          busy: (isBusy) => told.push(`busy ${isBusy}`),
          loaded: () => told.push("loaded"),
          outOfMemory: () => undefined,
          found: () => undefined,
          fellBack: () => undefined,
        })
      },
      acquire: (...wish) =>
        Effect.acquireRelease(
          Effect.tap(openResidency.acquire(...wish), () => Effect.sync(() => told.push("leased"))),
          () => Effect.sync(() => told.push("given back")),
        ),
    }
    await withWyoming({ url: await freeUrl(), command: server(), residency }, (speech) =>
      Effect.gen(function* () {
        const { pid } = yield* ask(speech)
        yield* speech.preload
        expect(told.splice(0)).toEqual(["leased", "loaded", "busy true", "busy false"])
        if (tenant === undefined) throw new Error("nothing was registered")
        expect(tenant.variants.map(({ placement }) => placement)).toEqual(["cpu"])
        yield* tenant.evict(false)
        expect([isRunning(pid), ...told.splice(0)]).toEqual([false, "given back"])
        const again = yield* ask(speech)
        expect(again.pid).not.toBe(pid)
        expect(told).toEqual(["leased", "loaded", "busy true", "busy false"])
      }),
    )
    expect(told.at(-1)).toBe("given back")
  })

  it("is started by the first request, asked again by the next, and leaves nothing behind", async () => {
    const memory = ownMemoryFolder()
    const before = childPids()
    const reports: ModelReport[] = []
    const url = await freeUrl()
    const options = { url, command: server(), onReport: (report: ModelReport) => reports.push(report) }
    const first = await withWyoming(options, (speech) =>
      Effect.gen(function* () {
        expect(phase(speech)).toBe("idle")
        yield* speech.preload
        const found = yield* ask(speech)
        expect(isRunning(found.pid)).toBe(true)
        expect(yield* ask(speech)).toEqual(found)
        expect(memory.content().some((name) => name.endsWith("speech.wav"))).toBe(true)
        return found
      }),
    )
    expect(reports.map(({ state }) => state)).toEqual(["ready"])
    expect(isRunning(first.pid)).toBe(false)
    expect(childPids()).toEqual(before)
    expect(memory.content()).toEqual([])
  })

  it("gives all its memory back on demand, and starts again with the next request", async () => {
    await withWyoming({ url: await freeUrl(), command: server() }, (speech) =>
      Effect.gen(function* () {
        const first = yield* ask(speech)
        yield* speech.unload
        expect(isRunning(first.pid)).toBe(false)
        expect(existsSync(first.folder)).toBe(false)
        expect((yield* ask(speech)).pid).not.toBe(first.pid)
      }),
    )
  })

  it("killed in mid-request, leaves the request to its successor", async () => {
    await withWyoming({ url: await freeUrl(), command: server("work=500") }, (speech) =>
      Effect.gen(function* () {
        const first = yield* ask(speech)
        const second = yield* Effect.forkChild(ask(speech))
        yield* Effect.sleep(200)
        yield* strike(first.pid, "SIGKILL")
        const { pid } = yield* Fiber.join(second)
        expect(pid).not.toBe(first.pid)
        expect(speech.children()).toMatchObject([{ id: "wyoming", phase: "running", restarts: 1 }])
      }),
    )
  })

  it("killed between two requests, even a moment ago, is no failure of the next", async () => {
    const memory = ownMemoryFolder()
    await withWyoming({ url: await freeUrl(), command: server() }, (speech) =>
      Effect.gen(function* () {
        const first = yield* ask(speech)
        yield* strike(first.pid, "SIGKILL")
        const second = yield* ask(speech)
        expect(second.pid).not.toBe(first.pid)
        // The keeper this time: its server must go with it.
        yield* strike(speech.children()[0]?.pid ?? 0, "SIGKILL")
        yield* until("the server is gone", () => !isRunning(second.pid), 1000)
        const third = yield* ask(speech)
        expect(memory.content().filter((name) => !name.includes("/"))).toHaveLength(1)
        expect(existsSync(third.folder)).toBe(true)
      }),
    )
    expect(memory.content()).toEqual([])
  })

  it.each([
    ["stands idle", 0],
    ["is at work", 30_000],
  ])("stopped while it %s, is killed within 3 s, and replaced", async (_, work) => {
    // A successor that works as long would only repeat the failure.
    await withWyoming({ url: await freeUrl(), command: server(`work=${work}`) }, (speech) =>
      Effect.gen(function* () {
        yield* speech.preload
        const [keeper = 0] = speech.children().map(({ pid }) => pid)
        const pids = descendantsOf(keeper)
        const request = yield* Effect.forkChild(work === 0 ? Effect.never : ask(speech))
        yield* Effect.sleep(200)
        for (const pid of pids) yield* strike(pid, "SIGSTOP")
        const gone = () => pids.every((pid) => !isRunning(pid))
        expect(yield* until("it is killed", gone, 3000)).toBeGreaterThan(500)
        yield* until(
          "another one runs",
          () => speech.children()[0]?.pid !== keeper && phase(speech) === "running",
        )
        yield* Fiber.interrupt(request)
      }),
    )
  })

  it("deaf without being stopped, is killed and replaced", async () => {
    await withWyoming({ url: await freeUrl(), command: server("deaf-after=1500") }, (speech) =>
      Effect.gen(function* () {
        const first = yield* ask(speech)
        yield* until("it is killed", () => !isRunning(first.pid), 6000)
        expect((yield* ask(speech)).pid).not.toBe(first.pid)
      }),
    )
  })

  it("is left in peace while it works, though it may answer nothing else meanwhile", async () => {
    await withWyoming({ url: await freeUrl(), command: server("work=4000", "blocks") }, (speech) =>
      Effect.gen(function* () {
        yield* speech.preload
        const [keeper] = speech.children().map(({ pid }) => pid)
        // Given up soon: that it still works on it is not forgotten.
        const abandoned = yield* Effect.forkChild(ask(speech))
        yield* Effect.sleep(200)
        yield* Fiber.interrupt(abandoned)
        yield* Effect.sleep(3200)
        expect((yield* ask(speech)).pid).toBeGreaterThan(0)
        expect(speech.children()).toMatchObject([{ pid: keeper, restarts: 0 }])
      }),
    )
  })

  it("is killed for a transcription past its deadline", async () => {
    const options = { url: await freeUrl(), command: server("work=60000"), transcribeDeadlineMs: 500 }
    await withWyoming(options, (speech) =>
      Effect.gen(function* () {
        yield* speech.preload
        const [keeper = 0] = speech.children().map(({ pid }) => pid)
        expect(yield* Effect.flip(ask(speech))).toMatchObject({ reason: "deadline" })
        yield* until("it is killed", () => !isRunning(keeper))
      }),
    )
  })

  it("already_started_outside_supervisor: is not started, and nothing is sent, where something else listens", async () => {
    const before = childPids()
    let bytes = ""
    const stranger = createServer((socket) => {
      socket.on("error", () => undefined)
      socket.on("data", (chunk) => {
        bytes += String(chunk)
      })
    })
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => {
      stranger.close()
    })
    const address = stranger.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    await withWyoming({ url: `tcp://127.0.0.1:${port}`, command: server() }, (speech) =>
      Effect.gen(function* () {
        const request = yield* Effect.forkChild(ask(speech))
        const refused = () => JSON.stringify(speech.children()).includes("something else listens")
        yield* until("it is refused", refused, 8000)
        yield* Fiber.interrupt(request)
        expect(bytes).not.toContain("audio-chunk")
        expect(childPids()).toEqual(before)
      }),
    )
  })

  it("that cannot start says why, and is given up", async () => {
    const options = { url: await freeUrl(), command: "echo no such model >&2; exit 3" }
    const failure = await withWyoming(options, (speech) => Effect.flip(speech.preload))
    expect(failure).toMatchObject({ reason: "unavailable" })
    expect(failure.message).toContain("(exit code 3): no such model")
  })

  it("is heard until it is ready, and nothing of what it writes is kept once it hears", async () => {
    const memory = ownMemoryFolder()
    const url = await freeUrl()
    const keeper = startHostProcess({ entry: keeperEntry })
    onTestFinished(() => keeper.kill({ type: "shutdown" }))
    const command = server().replace("{url}", url)
    keeper.toHost.write(`${JSON.stringify({ command, folder: memory.path })}\n`)
    await eventually("it says that it listens", () => keeper.output().includes("listening"))
    keeper.toHost.write("ready\n")
    await withWyoming({ url }, (speech) =>
      Effect.gen(function* () {
        // The second transcript proves that what the first one wrote has had its time.
        yield* ask(speech)
        yield* Effect.sleep(100)
        yield* ask(speech)
      }),
    )
    expect(keeper.output().trim()).toBe("listening")
  })

  it("goes with the main process, even by SIGKILL, and takes the sound it wrote with it", async () => {
    const memory = ownMemoryFolder()
    const parent = spawn(process.execPath, [fixture("wyoming-parent.mjs"), await freeUrl(), server()], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    onTestFinished(() => {
      parent.kill("SIGKILL")
    })
    const [line] = await once(createInterface(parent.stdout), "line")
    const pids = descendantsOf(parent.pid ?? 0)
    expect(pids).toContain(Number(String(line).split(" ")[0]))
    parent.kill("SIGKILL")
    await eventually("all of them are gone", () => !pids.some(isRunning), 3000)
    expect(memory.content()).toEqual([])
  })
})

describe("the models' branch of the tree", () => {
  const readings = { source: "none", take: Effect.succeed(undefined), watch: Stream.empty } as const
  const policy = { ...DEFAULT_RESTART_POLICY, intensity: 2, backoffMs: 50 }

  /** The branch with a server of others in it, a host that runs, and speech to text by the server. */
  const planted = Effect.gen(function* () {
    const notices: string[] = []
    const reports: SupervisorReport[] = []
    const notify = supervisionNotices({ onNotice: (notice) => notices.push(notice), clock: monotonicClock })
    const address = {
      url: yield* Effect.promise(freeUrl),
      allowRemote: false,
      transcribeDeadlineMs: 20_000,
    }
    const branch = modelBranch({
      residency: { readings },
      clock: monotonicClock,
      hosts: { policy, wyoming: { ...address, command: server() } },
      onReport: (report) => {
        reports.push(report)
        notify(report)
      },
    })
    const { residency, hosts, wyoming: own } = branch
    const speech = yield* makeWyomingSpeech({
      ...address,
      own,
      residency,
      model: "m",
      clock: monotonicClock,
    })
    const models = yield* branch.child.start()
    const host = yield* hosts.handle("tts", 10_000)
    const row = () => own?.supervisor.children()[0]
    const memory = () => residency.snapshot()?.rows.map(({ model, state }) => `${model} ${state}`)
    return { models, speech, host, row, memory, reports, notices }
  })

  it("gives up a server of others that always dies, and nothing else", () =>
    Effect.gen(function* () {
      const { models, speech, host, row, memory, reports, notices } = yield* planted
      yield* ask(speech)
      expect(memory()).toEqual(["wyoming loaded"])
      const killing = setInterval(() => {
        const pid = row()?.pid
        if (pid !== undefined && isRunning(pid)) process.kill(pid, "SIGKILL")
      }, 10)
      onTestFinished(() => clearInterval(killing))
      yield* until("its breaker opens", () => row()?.phase === "broken", 15_000)
      expect(reports.filter(({ context }) => context === "breaker-open")).toMatchObject([
        { supervisor: "servers", child: "wyoming" },
      ])
      expect(notices).toHaveLength(1)
      expect(notices[0]).toMatch(/^"wyoming" ended again and again: killed by SIGKILL/)
      expect(yield* Effect.flip(ask(speech))).toMatchObject({ reason: "unavailable" })
      expect(memory()).toEqual([])
      expect(host.isAlive()).toBe(true)
      expect(models.supervisor.children().map(({ id, phase, restarts }) => [id, phase, restarts])).toEqual([
        ["ledger", "running", 0],
        ["spare", "running", 0],
        ["hosts", "running", 0],
        ["servers", "running", 0],
      ])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("takes a server of others down with the ledger that knows its memory; it is back with the next request", () =>
    Effect.gen(function* () {
      const { models, speech, host, row, memory, notices } = yield* planted
      const first = yield* ask(speech)
      const ledger = yield* models.supervisor.handle("ledger", 1000)
      yield* ledger.stop(1000)
      yield* until("both are gone", () => !isRunning(first.pid) && !host.isAlive())
      yield* until("the branch is up again", () => row()?.phase === "idle")
      expect(memory()).toEqual([])
      const second = yield* ask(speech)
      expect(second.pid).not.toBe(first.pid)
      expect(memory()).toEqual(["wyoming loaded"])
      expect(notices).toEqual([])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("stops in reverse: the server of others before the hosts, and the ledger last", () =>
    Effect.gen(function* () {
      const { models, speech, host, reports } = yield* planted
      const { pid } = yield* ask(speech)
      yield* models.stop(10_000)
      expect([isRunning(pid), host.isAlive()]).toEqual([false, false])
      expect(reports.filter(({ context }) => context === "shutdown").map(({ child }) => child)).toEqual([
        "wyoming",
        "servers",
        "tts",
        "hosts",
        "spare",
        "ledger",
      ])
    }).pipe(Effect.scoped, Effect.runPromise))
})

describeWith("wyoming", "wyoming-faster-whisper", () => {
  it("understands what is said, and again after it was killed and stopped in the middle of it", async () => {
    const memory = ownMemoryFolder()
    const command = whisperCommand()
    const reports: ModelReport[] = []
    const options = { url: await freeUrl(), command, onReport: (report: ModelReport) => reports.push(report) }
    await withWyoming(options, (speech) =>
      Effect.gen(function* () {
        const heard = (line: "time" | "question" | "capabilities") =>
          Effect.map(speech.transcribe(spoken(line)), ({ text }) => text)
        expect(yield* heard("time")).toMatch(/^hey,? jarvis.? what time is it\?$/i)
        expect(yield* heard("question")).toMatch(/what is the capital of france\?$/i)

        for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
          const [keeper = 0] = speech.children().map(({ pid }) => pid)
          const request = yield* Effect.forkChild(heard("capabilities"))
          yield* Effect.sleep(100)
          for (const pid of descendantsOf(keeper)) yield* strike(pid, signal)
          expect(yield* Fiber.join(request)).toMatch(/what can you do\?$/i)
          expect(isRunning(keeper)).toBe(false)
          expect(yield* heard("time")).toMatch(/what time is it\?$/i)
        }
        expect(speech.children()).toMatchObject([{ restarts: 2 }])
      }),
    )
    expect(reports.map(({ state }) => state)).toEqual(["ready"])
    expect(memory.content()).toEqual([])
  })
})
