import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import { ModelError } from "../../src/models/model-error.ts"
import { FakeLanguageModel, isSilent, neverEnds, says, saysAndDies } from "../support/fake-language-model.ts"
import { describeWith } from "../support/require-component.ts"
import { silence } from "../support/speech-samples.ts"
import { VoiceRig } from "../support/voice-rig.ts"

const THINKING_MS = 2500

/**
 * A language model that misbehaves, under the real conversation and the real voice. The questions are typed: they take
 * the same path as spoken ones, but for the ear.
 */
describeWith("models", "when the language model", () => {
  const model = new FakeLanguageModel()
  let rig: VoiceRig

  beforeAll(async () => {
    rig = await VoiceRig.open({
      pace: "realtime",
      languageModel: model.choice,
      settings: { "conversation.thinking_ms": String(THINKING_MS), "llm.max_reply_tokens": "48" },
    })
  })
  afterAll(() => rig?.close())
  afterEach(async () => {
    model.preload = Effect.void
    expect(rig.ended).toBeUndefined()
    expect(rig.state()).toBe("listening")
    expect(model.running).toBe(0)
  })

  let turns = 0
  const ask = async (withinMs?: number) => {
    const ended = rig.nextTurn(withinMs)
    const turnId = `turn-${turns++}`
    const typed = { mode: "ask", text: "Why is the sky blue?", onText: () => {} } as const
    expect(rig.system.conversation.type(turnId, typed)).toBe(true)
    const turn = await ended
    expect(turn.id).toBe(turnId)
    await rig.resting()
    return turn
  }

  it("says nothing for ever, the turn ends with an apology at its deadline", async () => {
    model.reply = () => isSilent
    const turn = await ask()
    expect(turn).toMatchObject({
      outcome: "timed-out",
      transcript: "Why is the sky blue?",
      route: "llm",
      heard: "Sorry, that took too long.",
    })
  })

  it("loads for longer than a person waits in silence, it says so, and then answers", async () => {
    model.preload = Effect.sleep(4000)
    model.reply = () => says("Because of the air.")
    const turn = await ask()
    expect(turn).toMatchObject({ outcome: "answered", heard: "One moment. Because of the air." })
  })

  it("cannot be loaded, the turn ends with an apology", async () => {
    model.preload = Effect.fail(
      new ModelError({ model: "fake", reason: "load-failed", message: "its file is broken" }),
    )
    const turn = await ask()
    expect(turn.heard).toBe("Sorry, something went wrong there.")
  })

  it("loads for long and then writes nothing, the turn does not end with One moment", async () => {
    model.preload = Effect.sleep(2000)
    model.reply = () => says("")
    const turn = await ask()
    expect(turn.heard).toBe("One moment. Sorry, I have no answer to that.")
  })

  it("dies in mid-sentence, what was whole is said, and that it broke off", async () => {
    model.reply = () => saysAndDies("It is the air that scatters the light. And the sun")
    const turn = await ask()
    expect(turn.heard).toMatch(
      /^It is the air that scatters the light\..* Sorry, something went wrong there\.$/,
    )
    expect(turn.outcome).toBe("failed")
  })

  it("dies before its first word, the turn ends with an apology", async () => {
    model.reply = () => saysAndDies("")
    expect((await ask()).heard).toBe("Sorry, something went wrong there.")
  })

  it("writes nothing at all, something is said all the same", async () => {
    model.reply = () => says("")
    const turn = await ask()
    expect(turn.heard).toMatch(/\w/)
  })

  it("writes only Markdown or only an emoji, something is said all the same", async () => {
    for (const reply of ["```ts\nconst sky = 'blue'\n```", "---\n***\n", "🙂", "# \n\n- \n- \n"]) {
      model.reply = () => says(reply)
      const turn = await ask()
      expect([reply, turn.heard]).toEqual([reply, expect.stringMatching(/\w/)])
      expect(turn.heard).not.toMatch(/[`*#]/)
    }
  })

  it("is slow, the first clause is heard long before the last is written", async () => {
    model.reply = () =>
      Stream.concat(
        says("The sky is blue. It is").pipe(Stream.filter(({ type }) => type === "text")),
        Stream.drain(Stream.fromEffect(Effect.sleep(3000))),
      ).pipe(Stream.concat(says(" the air.")))
    const from = rig.states.length
    const turn = await ask()
    expect(turn).toMatchObject({ outcome: "answered", heard: "The sky is blue. It is the air." })
    const entered = (name: string) => rig.states.slice(from).find(({ value }) => value === name)?.atMs ?? 0
    expect(entered("speaking") - entered("thinking")).toBeLessThan(2400)
    expect(rig.clock.now() - entered("thinking")).toBeGreaterThan(3000)
  })

  it("never ends, it is cut off after a bounded reply, and cancel silences it before that", async () => {
    model.reply = () => neverEnds("The sky is blue, and it goes on and on.", 0)
    const ended = rig.nextTurn()
    let written = 0
    const onText = (piece: string) => {
      written += piece.length
    }
    rig.system.conversation.type("endless", { mode: "ask", text: "Why?", onText })
    await rig.until("Jett speaks", () => rig.state() === "speaking.playing")
    await rig.until("the model is stopped", () => model.running === 0, 60_000)
    expect(rig.state()).toBe("speaking.playing")
    expect(written).toBeGreaterThan(200)
    expect(written).toBeLessThan(500)
    rig.system.conversation.send({ type: "user.cancel" })
    const turn = await ended
    expect(turn).toMatchObject({ outcome: "cancelled" })
    // No more than a person would listen to.
    expect(turn.replyAudioMs).toBeLessThan(60_000)
    await rig.say(silence(0.2))
  })

  it("is well again, so is Jett", async () => {
    model.reply = () => says("Because of the air.")
    expect(await ask()).toMatchObject({ outcome: "answered", heard: "Because of the air." })
  })
})
