import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { demoLines } from "../../src/cli/demo/scenes.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { expectHeard } from "../support/heard-speech.ts"
import { eventually, isRunning } from "../support/processes.ts"
import { describeWith } from "../support/require-component.ts"
import type { Finished } from "../support/running-command.ts"
import { recordingOf } from "../support/speech-samples.ts"

/** `jett serve` with real models and no sound card, and every verb that talks to it over the control socket. */
describeWith("models", "jett serve on the null back end", () => {
  const home = mkdtempSync(join(tmpdir(), "jd-"))
  let daemon: BuiltCommand

  const jett = (...argv: readonly string[]): Promise<Finished> => new BuiltCommand(home, argv).finished
  const json = async (...argv: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
    const finished = await jett(...argv, "--json")
    expect(finished).toMatchObject({ exitCode: 0, err: expect.any(String) })
    return JSON.parse(finished.out)
  }
  const stateIs = async (state: string, withinMs = 10_000) => {
    for (const deadline = Date.now() + withinMs; ; ) {
      const status = await json("status")
      if (status["state"] === state) return status
      if (Date.now() > deadline) throw new Error(`still ${String(status["state"])}, not ${state}`)
    }
  }

  beforeAll(async () => {
    daemon = new BuiltCommand(home, [
      "serve",
      "--set",
      "audio.backend=null",
      "--set",
      "conversation.waking_ms=60000",
    ])
    await eventually("the daemon is ready", () => daemon.err.includes("ready:"), 60_000)
  })
  afterAll(async () => {
    daemon.child.kill("SIGTERM")
    await daemon.finished
    rmSync(home, { recursive: true, force: true })
  })

  it("says what it is doing, and with which processes", async () => {
    const status = await stateIs("listening")
    expect(status).toMatchObject({ muted: false, languageModel: expect.stringMatching(/smollm/i) })
    // It listens before all that comes after the wake word has been started.
    await expect
      .poll(async () => (await json("ps"))["processes"], { timeout: 30_000 })
      .toEqual(
        expect.arrayContaining(
          ["listener", "stt", "tts"].map((id) =>
            expect.objectContaining({ id, pid: expect.any(Number), restarts: 0 }),
          ),
        ),
      )
    const { models, pools } = await json("ps")
    expect(models).toContainEqual(
      expect.objectContaining({
        id: "listener",
        state: expect.stringMatching(/ready|busy/),
        placement: "cpu",
        pinned: true,
        leases: 1,
      }),
    )
    expect(pools).toMatchObject({ cpu: { overcommitted: false, committedMib: expect.any(Number) } })
  })

  it("speaks and answers, one turn after the other", async () => {
    expect(await jett("say", "All", "is", "well.")).toMatchObject({ exitCode: 0, err: "" })
    const time = await jett("ask", "what", "time", "is", "it")
    expect(time).toMatchObject({ exitCode: 0, err: "" })
    expect(time.out).toMatch(/^It's .+\n$/)
    const free = await json("ask", "What is the capital of France?")
    expect(free).toEqual({ reply: expect.stringMatching(/\w/), turnId: expect.any(String) })
  })

  it("transcribes a file beside its own work", async () => {
    const { exitCode, out } = await jett("transcribe", recordingOf(demoLines.noWakeWord))
    expect(exitCode).toBe(0)
    expectHeard(out, demoLines.noWakeWord.words)
    const missing = await jett("transcribe", join(home, "none.wav"))
    expect(missing).toMatchObject({ exitCode: 1, out: "", err: expect.stringMatching(/is not a file/) })
  })

  it("mutes and unmutes; muted, it does not listen but still answers in writing", async () => {
    expect((await jett("mute")).exitCode).toBe(0)
    expect(await stateIs("muted")).toMatchObject({ muted: true })
    expect(await jett("ptt")).toMatchObject({ exitCode: 4, err: expect.stringMatching(/jett unmute/) })
    expect((await jett("ask", "what day is it")).out).toMatch(/^It's \w+day/)
    expect(await stateIs("muted")).toMatchObject({ muted: true })
    expect((await jett("unmute")).exitCode).toBe(0)
    expect(await stateIs("listening")).toMatchObject({ muted: false })
  })

  it("listens at a push, refuses a second turn meanwhile, and cancels it", async () => {
    expect((await jett("ptt")).exitCode).toBe(0)
    await stateIs("waking")
    const busy = await jett("ask", "what time is it")
    expect(busy).toMatchObject({ exitCode: 1, out: "", err: expect.stringMatching(/busy.*jett cancel/) })
    expect((await jett("cancel")).exitCode).toBe(0)
    await stateIs("listening")
    expect((await jett("cancel")).exitCode).toBe(0)
  })

  it("stops speaking when whoever asked gives up", async () => {
    const saying = new BuiltCommand(home, ["say", ...Array(60).fill("and so on"), "."])
    await stateIs("speaking")
    saying.child.kill("SIGINT")
    expect((await saying.finished).exitCode).toBe(130)
    // All of it would take half a minute.
    await stateIs("listening")
  })

  it("is the only one", async () => {
    const second = await jett("serve", "--set", "audio.backend=null")
    expect(second).toMatchObject({ exitCode: 1, out: "", err: expect.stringMatching(/already running/) })
    await stateIs("listening")
  })

  it("replaces a host that is killed and goes on answering", async () => {
    const pidOf = async (id: string): Promise<number> => {
      const { processes }: { readonly processes: readonly { readonly id: string; readonly pid: number }[] } =
        JSON.parse((await jett("ps", "--json")).out)
      return processes.find((row) => row.id === id)?.pid ?? 0
    }
    await expect.poll(() => pidOf("tts"), { timeout: 20_000 }).toBeGreaterThan(0)
    const before = await pidOf("tts")
    process.kill(before, "SIGKILL")
    await eventually("it is dead", () => !isRunning(before))
    expect((await jett("ask", "what time is it")).out).toMatch(/^It's /)
    expect(await pidOf("tts")).not.toBe(before)
  })

  it("never writes what was said where it is not a terminal", () => {
    expect(daemon.err).toContain("turn ended: phrase")
    expect(daemon.err).not.toMatch(/It's|France|All is well/)
    expect(daemon.out).toBe("")
  })

  it("ends at jett stop, and every verb then says that it is not running", async () => {
    expect((await jett("stop")).exitCode).toBe(0)
    expect((await daemon.finished).exitCode).toBe(0)
    expect((await jett("status")).exitCode).toBe(3)
  })
})
