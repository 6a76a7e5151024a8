import { describe, expect, it } from "vitest"
import { type DecoderSession, decodeGreedily } from "../../src/models/moonshine-decoder.ts"
import { Tensor } from "../../src/models/onnx.ts"

const END = 2
const encoded = {
  hiddenStates: new Tensor("float32", new Float32Array(2), [1, 1, 2]),
  audioMask: new Tensor("int64", BigInt64Array.of(1n, 1n), [1, 2]),
}
const never = new AbortController().signal

interface Step {
  readonly token: bigint
  readonly useCache: boolean
  readonly outputs: readonly string[]
  readonly ownPast: string
  readonly encoderPast: string
}

/** Plays a script of tokens, each chosen with probability `e / (e + 31)` of 32, and records what it is fed. */
function scripted(script: readonly number[]) {
  const steps: Step[] = []
  const session: DecoderSession = {
    async run(feeds, outputs) {
      const label = (name: string) => String(feeds[name]?.data[0] ?? "nothing")
      steps.push({
        token: BigInt(label("input_ids")),
        useCache: label("use_cache_branch") === "1",
        outputs,
        ownPast: label("past_key_values.5.decoder.value"),
        encoderPast: label("past_key_values.5.encoder.value"),
      })
      const logits = new Float32Array(32)
      logits[script[steps.length - 1] ?? END] = 1
      const present = new Tensor("float32", Float32Array.of(steps.length), [1])
      const all = Object.fromEntries(outputs.map((name) => [name, present]))
      return { ...all, logits: new Tensor("float32", logits, [1, 1, 32]) }
    },
  }
  return { session, steps }
}

describe("greedy decoding", () => {
  it("feeds each token back until the end token, which is scored but not returned", async () => {
    const { session, steps } = scripted([10, 11, 12, END])
    const decoded = await decodeGreedily(session, encoded, 40, never)
    expect(decoded.ids).toEqual([10, 11, 12])
    expect(steps.map((step) => step.token)).toEqual([1n, 10n, 11n, 12n])
    expect(decoded.logProbabilities).toHaveLength(4)
    for (const value of decoded.logProbabilities)
      expect(Math.exp(value)).toBeCloseTo(Math.E / (Math.E + 31), 6)
  })

  it("starts without a cache, then keeps the encoder's of the first step and the decoder's of the last", async () => {
    const { session, steps } = scripted([10, 11, END])
    await decodeGreedily(session, encoded, 40, never)
    expect(steps.map((step) => step.useCache)).toEqual([false, true, true])
    expect(steps.map((step) => step.ownPast)).toEqual(["nothing", "1", "2"])
    expect(steps.map((step) => step.encoderPast)).toEqual(["nothing", "1", "1"])
    expect(steps.map((step) => step.outputs.length)).toEqual([25, 13, 13])
  })

  it("stops at the cap", async () => {
    const decoded = await decodeGreedily(scripted([4, 5, 6, 7, 8, 9]).session, encoded, 5, never)
    expect(decoded.ids).toEqual([4, 5, 6, 7, 8])
  })

  it("stops when the text loops, keeps one copy and lowers the confidence", async () => {
    const phrase = [4, 5, 6, 7, 8]
    const { session, steps } = scripted([9, ...phrase, ...phrase, ...phrase, ...phrase])
    const decoded = await decodeGreedily(session, encoded, 40, never)
    expect(decoded.ids).toEqual([9, ...phrase])
    expect(steps).toHaveLength(16)
    expect(decoded.logProbabilities).toHaveLength(7)
    expect(Math.exp(decoded.logProbabilities.at(-1) ?? 0)).toBeCloseTo(1 / (Math.E + 31), 6)
  })

  it("stops at the next token once it is cancelled", async () => {
    const controller = new AbortController()
    const { session, steps } = scripted([4, 5, 6, 7])
    const cancelling: DecoderSession = {
      run(feeds, outputs) {
        if (steps.length === 1) controller.abort()
        return session.run(feeds, outputs)
      },
    }
    await decodeGreedily(cancelling, encoded, 40, controller.signal)
    expect(steps).toHaveLength(2)
  })
})
