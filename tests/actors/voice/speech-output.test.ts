import { describe, expect, it } from "vitest"
import { type Player, SpeechOutput } from "../../../src/actors/voice/speech-output.ts"

/** A player of which the test decides how much was heard. */
class FakePlayer implements Player {
  readonly calls: string[] = []
  played = new Map<string, number>()

  enqueue(clipId: string): void {
    this.calls.push(clipId)
  }
  pause(): void {
    this.calls.push("pause")
  }
  resume(): void {
    this.calls.push("resume")
  }
  flush(): ReadonlyMap<string, number> {
    this.calls.push("flush")
    return this.played
  }
}

const pcm = (ms: number) => ({ samples: new Int16Array(ms), rateHz: 1000 })
const key = (turnId: string, revision = 0) => ({ turnId, revision })

const make = () => {
  const player = new FakePlayer()
  const drained: string[] = []
  const output = new SpeechOutput(player, ({ turnId, revision }) => drained.push(`${turnId}/${revision}`))
  return { player, drained, output }
}

it("holds clauses back until their turn is opened, then plays them in order, and later ones at once", () => {
  const { player, output } = make()
  output.begin(key("a"))
  output.add(key("a"), "One,", pcm(100))
  output.add(key("a"), "two,", pcm(100))
  expect(player.calls).toEqual([])
  expect(output.isOpen).toBe(false)
  output.open(key("a"))
  output.open(key("a"))
  output.add(key("a"), "three.", pcm(100))
  expect(player.calls).toEqual(["a/0#0", "a/0#1", "a/0#2"])
  expect(output.isOpen).toBe(true)
})

it("is drained when all was heard and nothing will follow, in either order, and once", () => {
  const { drained, output } = make()
  output.begin(key("a"))
  output.add(key("a"), "One.", pcm(100))
  output.open(key("a"))
  output.clipFinished("a/0#0")
  expect(drained).toEqual([])
  output.complete(key("a"))
  expect(drained).toEqual(["a/0"])

  output.begin(key("b"))
  output.add(key("b"), "One.", pcm(100))
  output.complete(key("b"))
  output.open(key("b"))
  output.clipFinished("chime")
  expect(drained).toEqual(["a/0"])
  output.clipFinished("b/0#0")
  expect(drained).toEqual(["a/0", "b/0"])
})

it("has one owner of the speaker: opening a turn silences the other", () => {
  const { player, output } = make()
  for (const turn of ["a", "b"]) {
    output.begin(key(turn))
    output.add(key(turn), "One.", pcm(100))
    output.open(key(turn))
  }
  expect(player.calls).toEqual(["a/0#0", "flush", "b/0#0"])
})

it("plays nothing of a revision that was superseded, also when its clauses come late", () => {
  const { player, output } = make()
  output.begin(key("a", 0))
  output.add(key("a", 0), "Old.", pcm(100))
  output.begin(key("a", 1))
  output.add(key("a", 0), "Older.", pcm(100))
  output.open(key("a", 0))
  expect(player.calls).toEqual([])
  output.add(key("a", 1), "New.", pcm(100))
  output.open(key("a", 1))
  expect(player.calls).toEqual(["a/1#0"])
})

it("silences a superseded revision that was being heard", () => {
  const { player, output } = make()
  output.begin(key("a", 0))
  output.add(key("a", 0), "Old.", pcm(100))
  output.open(key("a", 0))
  output.begin(key("a", 1))
  expect(player.calls).toEqual(["a/0#0", "flush"])
})

it("knows what was heard of an interrupted turn, cut at a word", () => {
  const { player, output } = make()
  output.begin(key("a"))
  output.add(key("a"), "The sea is wide.", pcm(1000))
  output.add(key("a"), "The sea is deep.", pcm(1000))
  output.open(key("a"))
  output.clipFinished("a/0#0")
  player.played = new Map([
    ["a/0#0", 1000],
    ["a/0#1", 500],
  ])
  output.drop(key("a"))
  expect(output.close(key("a"))).toEqual({ heard: "The sea is wide. The sea", audioMs: 2000 })
  expect(output.close(key("a"))).toEqual({ heard: "", audioMs: 0 })
})

it("says that nothing was heard of a turn that was never opened", () => {
  const { player, output } = make()
  output.begin(key("a"))
  output.add(key("a"), "Secret.", pcm(1000))
  expect(output.close(key("a"))).toEqual({ heard: "", audioMs: 1000 })
  expect(player.calls).toEqual([])
})

it("tells whose a clip is, and whether it is the first", () => {
  const { output } = make()
  output.begin(key("a", 2))
  output.add(key("a", 2), "One,", pcm(10))
  output.add(key("a", 2), "two.", pcm(10))
  expect(output.ownerOf("a/2#0")).toEqual({ key: key("a", 2), first: true })
  expect(output.ownerOf("a/2#1")).toEqual({ key: key("a", 2), first: false })
  expect(output.ownerOf("chime")).toBeUndefined()
})

describe("a question", () => {
  const asked = () => {
    const made = make()
    made.output.begin(key("a"))
    made.output.add(key("a"), "One moment.", pcm(1000))
    made.output.add(key("a"), "Restart it? Then say amber.", pcm(1000))
    made.output.ask(key("a"), "k")
    made.output.open(key("a"))
    made.output.clipFinished("a/0#0")
    return made
  }

  it("is all there is to hear for now: its end is the end of what is spoken", () => {
    const { output, drained } = asked()
    expect(drained).toEqual([])
    output.clipFinished("a/0#1")
    expect(drained).toEqual(["a/0"])
  })

  it("is silenced when it is over, and what comes of it is heard at once", () => {
    const { player, output, drained } = asked()
    player.played = new Map([["a/0#1", 300]])
    output.cut(key("a"), "k")
    expect(player.calls).toEqual(["a/0#0", "a/0#1", "flush"])
    expect(output.isPlaying).toBe(false)
    expect(drained).toEqual([])
    output.add(key("a"), "Okay.", pcm(100))
    output.complete(key("a"))
    expect(player.calls.at(-1)).toBe("a/0#2")
    expect(output.isPlaying).toBe(true)
    output.clipFinished("a/0#2")
    expect(drained).toEqual(["a/0"])
  })

  it("does not take what comes of it with it where that is queued already", () => {
    const { player, output } = asked()
    output.add(key("a"), "Okay.", pcm(100))
    output.cut(key("a"), "k")
    expect(player.calls.slice(-2)).toEqual(["flush", "a/0#2"])
  })

  it("takes with it what was to be heard before it, and nothing that was heard", () => {
    const { player, output } = make()
    output.begin(key("a"))
    output.add(key("a"), "One moment please.", pcm(1000))
    output.add(key("a"), "Restart it?", pcm(1000))
    output.ask(key("a"), "k")
    output.open(key("a"))
    player.played = new Map([["a/0#0", 600]])
    output.cut(key("a"), "k")
    output.add(key("a"), "Okay.", pcm(100))
    output.clipFinished("a/0#2")
    const spoken = { heard: "One moment Okay.", remembered: "One moment Okay.", audioMs: 2100 }
    expect(output.close(key("a"))).toEqual(spoken)
  })

  it("is left alone by the end of another, and by its own once it was heard", () => {
    const { player, output } = asked()
    output.cut(key("a"), "k0")
    output.cut(key("b"), "k")
    output.clipFinished("a/0#1")
    output.cut(key("a"), "k")
    expect(player.calls).toEqual(["a/0#0", "a/0#1"])
  })

  it("that is over is not played when its turn is opened after that", () => {
    const { player, output } = make()
    output.begin(key("a"))
    output.add(key("a"), "Restart it?", pcm(1000))
    output.ask(key("a"), "k")
    output.add(key("a"), "Okay.", pcm(100))
    output.cut(key("a"), "k")
    output.open(key("a"))
    expect(player.calls).toEqual(["a/0#1"])
  })

  it("is heard and not remembered, and of one that was silenced only what was played is either", () => {
    const { player, output } = asked()
    player.played = new Map([["a/0#1", 500]])
    output.cut(key("a"), "k")
    output.add(key("a"), "Okay.", pcm(100))
    player.played = new Map()
    output.clipFinished("a/0#2")
    expect(output.close(key("a"))).toEqual({
      heard: "One moment. Restart it? Okay.",
      remembered: "One moment. Okay.",
      audioMs: 2100,
    })
  })
})
