import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { getPriority } from "node:os"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Scope } from "effect/Scope"
import { beforeAll, describe, expect, it } from "vitest"
import { type HostOptions, spawnHost } from "../../src/actors/hosts/host-client.ts"
import type { HostHandle } from "../../src/actors/hosts/host-handle.ts"
import { makeSpareProcess, type SpareProcess } from "../../src/actors/hosts/spare-process.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import {
  fixture,
  inferNasty,
  loadNasty,
  NASTY,
  nastyEngine,
  requireBuiltHost,
} from "../support/nasty-host.ts"
import { childPids, eventually, isRunning } from "../support/processes.ts"

beforeAll(requireBuiltHost)

const withHost = <A>(
  use: (host: HostHandle) => Effect.Effect<A, unknown, Scope>,
  options: Partial<HostOptions> = {},
): Promise<A> =>
  spawnHost({ id: "test", engineModule: nastyEngine, ...options })
    .start()
    .pipe(Effect.flatMap(use), Effect.scoped, Effect.runPromise)

describe("a model host that works", () => {
  it("says hello, loads, infers, streams, unloads and shuts down when asked", () =>
    withHost((host) =>
      Effect.gen(function* () {
        expect((yield* loadNasty(host)).loadMs).toBeGreaterThanOrEqual(0)
        const samples = new Int16Array([1, -2, 3])
        expect((yield* inferNasty(host, { op: "echo", value: samples })).value).toEqual(samples)
        const chunks: unknown[] = []
        const onChunk = (chunk: unknown) => chunks.push(chunk)
        const { value } = yield* inferNasty(host, { op: "stream", count: 3 }, { onChunk })
        expect(chunks).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }])
        expect(value).toEqual({ sent: 3 })
        expect(yield* host.ping).toBeLessThan(1000)
        yield* host.unload(NASTY, 1000)
        expect(yield* Effect.flip(inferNasty(host, { op: "echo" }))).toMatchObject({ code: "not-loaded" })
        yield* host.stop(2000)
        expect(yield* host.exited).toEqual({ type: "shutdown" })
        expect(isRunning(host.pid)).toBe(false)
      }),
    ))

  it("carries an input and an output of several megabytes unharmed", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const samples = Int16Array.from({ length: 3_000_000 }, (_, at) => at % 32_000)
        const { value } = yield* inferNasty(host, { op: "echo", value: samples })
        // Not toEqual: it takes half a minute for three million elements.
        const same = value instanceof Int16Array && value.every((sample, at) => sample === samples[at])
        expect(same && value.length === samples.length).toBe(true)
      }),
    ))

  it("does inferences one after another, in the order in which they were asked for", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const order: number[] = []
        const one = (value: number) =>
          Effect.map(inferNasty(host, { op: "wait", ms: 20 }), () => order.push(value))
        yield* Effect.forEach([1, 2, 3, 4, 5], one, { concurrency: "unbounded" })
        expect(order).toEqual([1, 2, 3, 4, 5])
      }),
    ))

  it("answers pings while its engine blocks, and keeps what the engine prints out of the protocol", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        yield* inferNasty(host, { op: "print", text: "line for the doctor\n" })
        const blocked = yield* Effect.forkChild(inferNasty(host, { op: "block", ms: 1500 }))
        expect(yield* host.ping).toBeLessThan(1000)
        expect((yield* Fiber.join(blocked)).value).toEqual({ blockedMs: 1500 })
        // What is printed comes through pipes of its own.
        yield* Effect.promise(() =>
          eventually("both lines came", () => host.output().match(/line for the doctor/g)?.length === 2),
        )
      }),
    ))

  it("answers a failing, a refused, a too large and an unserialisable result, and goes on", () =>
    withHost((host) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(loadNasty(host, { refuse: true }))).toMatchObject({
          code: "load-failed",
          message: "refused on request",
        })
        yield* loadNasty(host)
        expect(yield* Effect.flip(inferNasty(host, { op: "fail", message: "no" }))).toMatchObject({
          code: "inference-failed",
          message: "no",
        })
        const large = yield* Effect.flip(inferNasty(host, { op: "hugeValue", bytes: 9 * 1024 * 1024 }))
        expect(large).toMatchObject({ code: "inference-failed", message: expect.stringContaining("8388608") })
        const odd = yield* Effect.flip(inferNasty(host, { op: "unserialisable" }))
        expect(odd).toMatchObject({ code: "inference-failed" })
        const ours = yield* Effect.flip(inferNasty(host, { op: "echo", value: new Uint8Array(9_000_000) }))
        expect(ours).toMatchObject({ code: "bad-input" })
        expect((yield* inferNasty(host, { op: "echo", value: "still here" })).value).toBe("still here")
      }),
    ))

  it("refuses to load a file whose hash is not the expected one", () =>
    withHost((host) =>
      Effect.gen(function* () {
        const options = { files: { "a.onnx": nastyEngine }, sha256: { "a.onnx": "0".repeat(64) }, threads: 1 }
        const failure = yield* Effect.flip(
          host.load({ model: NASTY, engine: "piper", options, deadlineMs: 5000 }),
        )
        expect(failure).toMatchObject({ code: "load-failed", message: expect.stringContaining("SHA-256") })
      }),
    ))
})

describe("a model host that takes the spare process", () => {
  const withSpare = <A>(use: (spare: SpareProcess) => Effect.Effect<A, unknown, Scope>) =>
    makeSpareProcess({ engineModule: nastyEngine, clock: monotonicClock, restMs: 1 }).pipe(
      Effect.tap((spare) => Effect.sync(() => spare.take())),
      Effect.tap((spare) =>
        Effect.promise(() => eventually("there is a spare", () => spare.status()?.state === "waiting")),
      ),
      Effect.flatMap(use),
      Effect.scoped,
      Effect.runPromise,
    )
  const niceOf = (pid: number) =>
    readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread)))

  it("works like any other, at its own nice value, and is killed whole", () =>
    withSpare((spare) =>
      Effect.gen(function* () {
        const pid = spare.status()?.pid
        const host = yield* spawnHost({ id: "test", nice: 3, spare }).start()
        expect(host.pid).toBe(pid)
        expect(new Set(niceOf(host.pid))).toEqual(new Set([3]))
        yield* loadNasty(host)
        expect((yield* inferNasty(host, { op: "echo", value: 7 })).value).toBe(7)
        host.kill("enough")
        expect(yield* host.exited).toEqual({ type: "hung", detail: "enough" })
        expect(isRunning(host.pid)).toBe(false)
      }),
    ))

  it("starts a process of its own where the spare died while it waited", () =>
    withSpare((spare) =>
      Effect.gen(function* () {
        const dead = spare.status()?.pid ?? 0
        process.kill(dead, "SIGKILL")
        yield* Effect.promise(() => eventually("it is missed", () => spare.status() === undefined))
        const host = yield* spawnHost({ id: "test", engineModule: nastyEngine, spare }).start()
        expect(host.pid).not.toBe(dead)
        expect(yield* host.ping).toBeLessThan(1000)
      }),
    ))
})

describe("a model host that is interrupted", () => {
  it("stops a cancelled inference early and is ready for the next at once", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const chunks: unknown[] = []
        const stream = { op: "stream", count: 1000, everyMs: 20 }
        const fiber = yield* Effect.forkChild(
          inferNasty(host, stream, { onChunk: (chunk) => chunks.push(chunk) }),
        )
        yield* Effect.promise(() => eventually("a first chunk", () => chunks.length > 0))
        const startedAt = performance.now()
        yield* Fiber.interrupt(fiber)
        const seen = chunks.length
        expect((yield* inferNasty(host, { op: "echo", value: 7 })).value).toBe(7)
        // All of them would take 20 s.
        expect(performance.now() - startedAt).toBeLessThan(3000)
        expect(chunks).toHaveLength(seen)
      }),
    ))

  it("lets go of the caller at once and kills a host whose engine ignores the cancellation past the grace", () =>
    withHost(
      (host) =>
        Effect.gen(function* () {
          yield* loadNasty(host)
          const fiber = yield* Effect.forkChild(inferNasty(host, { op: "hang" }))
          yield* Effect.sleep(100)
          const startedAt = performance.now()
          yield* Fiber.interrupt(fiber)
          expect(performance.now() - startedAt).toBeLessThan(800)
          expect(yield* host.exited).toMatchObject({ type: "hung" })
          expect(performance.now() - startedAt).toBeGreaterThan(980)
        }),
      { cancelGraceMs: 1000 },
    ))

  it("never sends what was interrupted while it waited for its turn", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const first = yield* Effect.forkChild(inferNasty(host, { op: "wait", ms: 1000 }))
        yield* Effect.sleep(50)
        const queued = yield* Effect.forkChild(inferNasty(host, { op: "hang" }))
        yield* Effect.sleep(50)
        yield* Fiber.interrupt(queued)
        yield* Fiber.join(first)
        expect((yield* inferNasty(host, { op: "echo", value: 1 })).value).toBe(1)
      }),
    ))
})

describe("a model host that goes wrong", () => {
  it.each([
    ["is killed", { op: "signal", signal: "SIGKILL" }, { type: "killed", signal: "SIGKILL" }],
    ["crashes like native code", { op: "signal", signal: "SIGSEGV" }, { type: "killed", signal: "SIGSEGV" }],
    ["ends with 0", { op: "exit", code: 0 }, { type: "normal" }],
    ["ends with 3", { op: "exit", code: 3 }, { type: "crashed", error: "exit code 3" }],
    ["throws outside of a request", { op: "throwLater" }, { type: "crashed", error: "exit code 70" }],
    ["writes garbage on the channel", { op: "garbage" }, { type: "crashed" }],
    ["sends a message of another protocol", { op: "stranger" }, { type: "crashed" }],
    ["announces a huge frame", { op: "hugeFrame" }, { type: "crashed" }],
  ])("%s: the inference fails, the reason is told, nothing is left", (_, input, reason) =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const failure = yield* Effect.flip(inferNasty(host, input))
        expect(failure).toMatchObject({ _tag: "HostFailure", code: "died" })
        expect(yield* host.exited).toMatchObject(reason)
        expect(isRunning(host.pid)).toBe(false)
        expect(yield* Effect.flip(inferNasty(host, { op: "echo" }))).toMatchObject({ code: "died" })
      }),
    ),
  )

  it("is killed when an inference or a load is past its deadline", async () => {
    await withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const failure = yield* Effect.flip(inferNasty(host, { op: "hang" }, { deadlineMs: 200 }))
        expect(failure).toMatchObject({ code: "deadline" })
        expect(yield* host.exited).toMatchObject({ type: "hung" })
      }),
    )
    await withHost((host) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(loadNasty(host, { hangLoad: true }, 200))).toMatchObject({
          code: "deadline",
        })
        expect(yield* host.exited).toMatchObject({ type: "hung" })
      }),
    )
  })

  it("is noticed and killed within 3 s of SIGSTOP", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        yield* Effect.sleep(700)
        process.kill(host.pid, "SIGSTOP")
        const startedAt = performance.now()
        expect(yield* host.exited).toMatchObject({ type: "hung" })
        expect(performance.now() - startedAt).toBeLessThan(3000)
        expect(isRunning(host.pid)).toBe(false)
      }),
    ))

  it("takes the processes it started with it", () =>
    withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host)
        const { value } = yield* inferNasty(host, { op: "child" })
        const pid = typeof value === "object" && value !== null && "pid" in value ? Number(value.pid) : 0
        expect(isRunning(pid)).toBe(true)
        process.kill(host.pid, "SIGKILL")
        yield* host.exited
        yield* Effect.promise(() => eventually("the grandchild is gone", () => !isRunning(pid)))
      }),
    ))

  it("is killed when it does not end in the time that stop gives it", async () => {
    await withHost(
      (host) =>
        Effect.gen(function* () {
          process.kill(host.pid, "SIGTERM")
          const startedAt = performance.now()
          yield* host.stop(300)
          expect(performance.now() - startedAt).toBeGreaterThanOrEqual(280)
          expect(yield* host.exited).toEqual({ type: "shutdown" })
          expect(isRunning(host.pid)).toBe(false)
        }),
      { entry: fixture("stubborn-host.mjs"), engineModule: undefined },
    )
    await withHost((host) =>
      Effect.gen(function* () {
        yield* loadNasty(host, { hangDispose: true })
        yield* host.stop(300)
        expect(isRunning(host.pid)).toBe(false)
      }),
    )
  })
})

describe("the start of a model host", () => {
  const start = (options: Partial<HostOptions>) =>
    spawnHost({ id: "test", ...options })
      .start()
      .pipe(Effect.scoped, Effect.flip, Effect.runPromise)

  it("fails when nothing is said in time, and leaves no process", async () => {
    const failure = await start({ engineModule: fixture("slow-start-engine.mjs"), startTimeoutMs: 300 })
    expect(failure).toMatchObject({ _tag: "StartError", child: "test" })
    expect(failure.message).toContain("300 ms")
  })

  it("fails when the process ends first, with what it wrote as the cause", async () => {
    const failure = await start({ engineModule: "/does/not/exist.mjs" })
    expect(failure.message).toContain("ended before its first message")
    expect(String(failure.cause)).toContain("exist.mjs")
    expect((await start({ engineModule: "relative.mjs" })).message).toContain("exit code 64")
    expect((await start({ entry: "/does/not/exist.mjs" })).message).toContain("exit code 1")
  })

  it("can be interrupted, and leaves no process", async () => {
    const slow = spawnHost({ id: "test", engineModule: fixture("slow-start-engine.mjs") })
    const others = childPids()
    const fiber = Effect.runFork(Effect.scoped(slow.start()))
    await eventually("the process exists", () => childPids().some((pid) => !others.includes(pid)))
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(childPids().filter((pid) => !others.includes(pid))).toEqual([])
  })
})

describe("the end of the parent", () => {
  it.each(["echo", "hang"])("ends a host whose engine is in '%s', even by SIGKILL", async (op) => {
    const parent = spawn(process.execPath, [fixture("host-parent.mjs"), op], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [line] = await once(createInterface(parent.stdout), "line")
    const hostPid = Number(line)
    expect(isRunning(hostPid)).toBe(true)
    parent.kill("SIGKILL")
    await eventually("the host is gone", () => !isRunning(hostPid), 10_000)
  })
})
