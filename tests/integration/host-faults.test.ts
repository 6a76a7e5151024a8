import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import type { HostId } from "../../src/actors/models/model-branch.ts"
import { isRunning } from "../support/processes.ts"
import { describeWith } from "../support/require-component.ts"
import { silence, spoken } from "../support/speech-samples.ts"
import { VoiceRig } from "../support/voice-rig.ts"

/** Hosts that die or hang in the middle of a turn, at real speed: every one is really killed. */
describeWith("models", "when a model's host dies in mid-turn", () => {
  let rig: VoiceRig

  beforeAll(async () => {
    rig = await VoiceRig.open({ pace: "realtime", settings: { "llm.provider": "embedded" } })
  })
  afterAll(() => rig?.close())
  afterEach(async () => {
    expect(rig.ended).toBeUndefined()
    await rig.resting()
    await rig.say(silence(0.5))
  })

  const strike = (host: HostId, signal: NodeJS.Signals = "SIGKILL"): number => {
    const pid = rig.system.models.pid(host)
    if (pid === undefined) throw new Error(`there is no host ${host}; ${rig.describe()}`)
    process.kill(pid, signal)
    return pid
  }

  /** Jett may rest before its next ear is there: what is said until then is not heard. */
  const anotherEar = (dead: number): Promise<void> =>
    rig.until("another ear is there", () => {
      const pid = rig.system.models.pid("listener")
      return pid !== undefined && pid !== dead
    })

  /** Says a line and strikes the host as soon as `when` holds; gives the turn that comes of it. */
  const turnWithStrike = async (
    line: Int16Array,
    host: HostId,
    when: () => boolean,
    signal?: NodeJS.Signals,
  ) => {
    const ended = rig.nextTurn()
    void rig.say(line)
    await rig.until(`the moment to strike ${host}`, when)
    const pid = strike(host, signal)
    const turn = await ended
    await rig.resting()
    expect(isRunning(pid)).toBe(false)
    if (host === "listener") await anotherEar(pid)
    return turn
  }

  const works = async () => {
    const turn = await rig.turn(spoken("time"))
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(turn.transcript).toMatch(/what time is it/i)
    expect(turn.heard).toMatch(/^It's /)
  }

  const isSettling = () => rig.state().startsWith("transcribing.settling")

  it("speech to text: the same turn is understood by the next host", async () => {
    const turn = await turnWithStrike(spoken("time"), "stt", isSettling)
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(turn.transcript).toMatch(/what time is it/i)
    expect(turn.heard).toBe(turn.reply)
  })

  it("speech to text that is stopped, not dead: it is found out, killed, and the turn goes on", async () => {
    const turn = await turnWithStrike(spoken("time"), "stt", isSettling, "SIGSTOP")
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(turn.transcript).toMatch(/what time is it/i)
    // Three missed pings and a restart; what is beyond is somebody else waiting.
    expect(turn.latency.totalMs).toBeLessThan(12_000)
  })

  it("the voice: what it was about to say is said by the next host", async () => {
    const turn = await turnWithStrike(spoken("capabilities"), "tts", isSettling)
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase" })
    expect(turn.heard).toBe(turn.reply)
    expect(turn.replyAudioMs).toBeGreaterThan(2000)
  })

  it("the language model: the turn ends with a word about it, and the next question is answered", async () => {
    // A short answer: one that is told in full by the next host must end while somebody waits for it.
    const turn = await turnWithStrike(
      spoken("question"),
      "llm",
      () => rig.system.models.llm.state() === "busy",
    )
    expect(["answered", "failed"]).toContain(turn.outcome)
    expect(turn.heard).toMatch(/\w/)
    const next = await rig.turn(spoken("question"))
    expect(next).toMatchObject({ outcome: "answered", route: "llm" })
    expect(next.heard).toMatch(/\w/)
  })

  it("the ear, while the user speaks: the turn ends, and the wake word is heard again", async () => {
    const turn = await turnWithStrike(
      spoken("question"),
      "listener",
      () => rig.state() === "transcribing.capturing",
    )
    expect(turn.outcome).not.toBe("timed-out")
    await works()
  })

  it("all of them at once, while nobody speaks", async () => {
    const ear = strike("listener")
    for (const host of ["stt", "tts", "llm"] as const) strike(host)
    await anotherEar(ear)
    await rig.say(silence(2))
    await works()
    expect(rig.system.conversation.degraded()).toEqual([])
  })
})
