import * as Effect from "effect/Effect"
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import { stateFolder } from "../../src/config/paths.ts"
import { openPin } from "../../src/security/pin.ts"
import { FakeLanguageModel, says } from "../support/fake-language-model.ts"
import { GuardVoiceRig } from "../support/guard-voice-rig.ts"
import { expectHeard } from "../support/heard-speech.ts"
import { RealDocker } from "../support/real-docker.ts"
import { describeWith } from "../support/require-component.ts"

const RESTART_N8N = "Restart the n eight n container."

describeWith(["models", "docker"], "a spoken command, as far as a real engine and back to the ear", () => {
  const model = new FakeLanguageModel(() => says("Very well."))
  let docker: RealDocker
  let rig: GuardVoiceRig

  beforeAll(async () => {
    docker = await RealDocker.start()
    await docker.run("n8n")
    await docker.run("postgres")
    await docker.run("qdrant", {
      script:
        "echo listening on port 6333; echo disk is full; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
    })
    rig = await GuardVoiceRig.open(
      `[docker]
host = "${docker.host}"
[guard]
per_minute = 60
[containers.n8n]
allow = ["status", "logs", "restart"]
[containers.postgres]
allow = ["status", "restart"]
[containers.qdrant]
allow = ["status", "logs"]
`,
      model.choice,
    )
  })
  afterAll(async () => {
    await rig?.close()
    await docker?.stop()
  })

  const startedAt = (name: string) => docker.inspect(name, "State.StartedAt")

  /** Whatever is said, the container goes on as it was. */
  const leavesAlone = async (name: string, talk: () => Promise<void>) => {
    const before = await startedAt(name)
    await talk()
    expect(await startedAt(name)).toBe(before)
  }

  afterEach(() => {
    rig.giveUp()
    expect(rig.voice.ended).toBeUndefined()
    expect(rig.verify()).toBe("valid")
  })

  it("asks back, hears the challenge word from another voice, restarts, and says what it then saw", async () => {
    const before = await startedAt("n8n")
    await rig.command(RESTART_N8N)
    const question = await rig.question()
    expect(await startedAt("n8n")).toBe(before)
    await rig.answer(question.word)
    const { turn, heard, states, rows, records } = await rig.end()

    expect(await startedAt("n8n")).not.toBe(before)
    expect(turn).toMatchObject({ outcome: "answered", route: "phrase", interrupted: false })
    expect(turn.reply).toBe(
      `Do you want me to restart n eight n? To confirm, say: ${question.word}. N eight n was restarted and is running.`,
    )
    expect(turn.heard).toBe(turn.reply)
    // Without the word: a language model reads what is remembered.
    expect(turn.remembered).toBe("N eight n was restarted and is running.")
    expectHeard(question.text, `Do you want me to restart n eight n? To confirm, say: ${question.word}.`)
    expectHeard(heard, "N eight n was restarted and is running.")
    expect(states.slice(-5)).toEqual(["thinking", "confirming", "thinking", "speaking", "listening"])
    expect(rows).toEqual(["asked confirm", "consent granted", "intent allow", "outcome done"])
    const id = await docker.inspect("n8n", "Id")
    for (const { details } of records)
      expect(details).toMatchObject({ container: "n8n", tool: "restart_container", origin: "phrase" })
    expect(records.at(-1)?.details["targetId"]).toBe(id)
  })

  it("does nothing after a no", () =>
    leavesAlone("n8n", async () => {
      await rig.command(RESTART_N8N)
      await rig.question()
      await rig.answer("No.")
      const { heard, rows } = await rig.end()
      expectHeard(heard, "Okay, I won't restart n eight n.")
      expect(rows).toEqual(["asked confirm", "consent denied", "denied deny"])
    }))

  it("takes neither a bare yes nor a wrong word, and asks once more with another word each time", async () => {
    const before = await startedAt("n8n")
    await rig.command(RESTART_N8N)
    const first = await rig.question()
    await rig.answer("Yes.")
    const second = await rig.question()
    expectHeard(second.text, "That was not the word. Do you want me to restart n eight n?")
    await rig.answer(first.word)
    const third = await rig.question()
    expect(new Set([first.word, second.word, third.word]).size).toBe(3)
    expect(await startedAt("n8n")).toBe(before)
    // Which also forgets the failures: after three it would be locked.
    await rig.answer(third.word)
    const { rows } = await rig.end()
    expect(await startedAt("n8n")).not.toBe(before)
    expect(rows).toEqual([
      ...["asked confirm", "consent ask-again", "consent ask-again", "consent granted"],
      ...["intent allow", "outcome done"],
    ])
  })

  it("takes a no that is said into the question", () =>
    leavesAlone("n8n", async () => {
      await rig.command(RESTART_N8N, "No.")
      const { turn, states, heard, rows } = await rig.end()
      expectHeard(heard, "Okay, I won't restart n eight n.")
      // The rest of the question, with its word, was not spoken any more.
      expect(turn.heard).toMatch(/^Do you .*Okay, I won't restart n eight n\.$/)
      expect(turn.heard).not.toMatch(/confirm/)
      expect(turn.remembered).toBe("Okay, I won't restart n eight n.")
      expect(states.filter((state) => state === "confirming")).toHaveLength(1)
      expect(rows).toEqual(["asked confirm", "consent denied", "denied deny"])
    }))

  it("takes no yes that is said into the question, and asks once more", () =>
    leavesAlone("n8n", async () => {
      await rig.command(RESTART_N8N, "Yes, do it.")
      const { text } = await rig.question()
      expectHeard(text, "That came too early. Do you want me to restart n eight n?")
      await rig.answer("No.")
      const { rows } = await rig.end()
      expect(rows).toEqual(["asked confirm", "consent ask-again", "consent denied", "denied deny"])
    }))

  it("takes silence for a no, and listens again", () =>
    leavesAlone("n8n", async () => {
      await rig.command(RESTART_N8N)
      await rig.question()
      const askedMs = rig.voice.clock.now()
      await rig.answer()
      const { heard, states, rows } = await rig.end()
      expect(rig.voice.clock.now() - askedMs).toBeGreaterThan(20_000)
      expectHeard(heard, "I heard no confirmation in time, so I did nothing.")
      expect(states.slice(-3)).toEqual(["thinking", "speaking", "listening"])
      expect(rows).toEqual(["asked confirm", "consent denied", "denied deny"])
    }))

  it("withdraws a question that is given up, also one that was asked once more", () =>
    leavesAlone("n8n", async () => {
      await rig.command(RESTART_N8N)
      await rig.question()
      rig.giveUp()
      await rig.voice.until("it is on record", () => rig.rows().at(-1)?.kind === "denied", 3000)
      await rig.command(RESTART_N8N)
      await rig.question()
      await rig.answer("Yes.")
      await rig.question()
      rig.giveUp()
      await rig.voice.until("it is on record", () => rig.rows().at(-1)?.kind === "denied", 3000)
    }))

  it("restarts a database only for a PIN, which is never spoken", async () => {
    const before = await startedAt("postgres")
    const { actions } = rig.voice.system
    const pin = openPin(stateFolder(process.env))
    await rig.command("Restart postgres.")
    const without = await rig.end()
    const unset = "To restart postgres you need a PIN first. Type jett pin set at the desktop."
    expect(without.turn.reply).toBe(unset)
    expectHeard(without.heard, unset)
    expect(without.rows).toEqual(["denied deny"])

    await Effect.runPromise(pin.set("4711"))
    await rig.command("Restart postgres.")
    const { turn, heard, rows } = await rig.end()
    const needed = "To restart postgres I need your PIN. Type jett confirm at the desktop."
    expect(turn.reply).toBe(needed)
    expectHeard(heard, needed)
    expect(rows).toEqual(["asked confirm"])
    const { consentId, spoken } = actions.pendingPin() ?? { consentId: "", spoken: "" }
    expect(spoken).toBe("restart postgres")
    expect(await actions.confirmPin(consentId, "4712")).toEqual({ type: "pin-refused", why: "wrong" })
    expect(await startedAt("postgres")).toBe(before)
    const known = rig.rows().length
    expect(await actions.confirmPin(consentId, "4711")).toMatchObject({
      type: "receipt",
      outcome: "done",
      speech: expect.stringMatching(/was restarted and is running/),
    })
    expect(await startedAt("postgres")).not.toBe(before)
    expect(
      rig
        .rows()
        .slice(known)
        .map(({ kind }) => kind),
    ).toEqual(["consent", "intent", "outcome"])
    expect(actions.pendingPin()).toBeUndefined()
  })

  it("tells what runs, and refuses a container that is not in the table", async () => {
    await rig.command("What containers are running?")
    const all = await rig.end()
    expect(all.turn.reply).toBe("N eight n, postgres and quadrant are running.")
    expectHeard(all.heard, all.turn.reply)
    expect(all.rows).toEqual(["intent allow", "outcome done"])
    await rig.command("What is the status of quadrant?")
    const one = await rig.end()
    expect(one.turn.reply).toMatch(/^Quadrant is running, for /)
    expectHeard(one.heard, one.turn.reply)
    expect(one.rows).toEqual(["intent allow", "outcome done"])
    await rig.command("Stop the kitchen container.")
    const unknown = await rig.end()
    expect(unknown.turn.reply).toBe("I don't know that container.")
    expectHeard(unknown.heard, unknown.turn.reply)
    expect(unknown.rows).toEqual(["denied deny"])
  })

  it("asks before it sets a timer, once it has read a log", async () => {
    model.reply = () => says("The disk is full.")
    await rig.command("Show me the logs of the quadrant container.")
    const read = await rig.end()
    expectHeard(read.heard, "Here are the last two lines of the log of quadrant. The disk is full.")
    expect(read.rows).toEqual(["intent allow", "outcome done"])
    expect(model.requests.at(-1)?.tools).toEqual([])
    await rig.command("Set a timer for ten minutes.")
    const question = await rig.question()
    expectHeard(question.text, `Do you want me to set a ten minute timer? To confirm, say: ${question.word}.`)
    await rig.answer(question.word)
    const { heard, rows, records } = await rig.end()
    expectHeard(heard, "Timer set for ten minutes.")
    expect(rows).toEqual(["asked confirm", "consent granted", "intent allow", "outcome done"])
    for (const { details } of records) expect(details["tainted"]).toBe(true)
  })

  it("says that the server is away, and never done, where the engine was killed before the answer", async () => {
    await rig.command(RESTART_N8N)
    const question = await rig.question()
    await docker.crash()
    await rig.answer(question.word)
    const { turn, heard, rows } = await rig.end()
    expectHeard(heard, "I can't reach the container server.")
    expect(turn.reply).toMatch(/I can't reach the container server/)
    expect(turn.reply).not.toMatch(/was restarted/)
    expect(rows).toEqual(["asked confirm", "consent granted", "denied deny"])
  })
})
