import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { afterLoad, type ContextWishes, contextsToTry } from "../../../src/machines/model/partial-offload.ts"

describe("the contexts to try", () => {
  it.each([
    [8_192, 256, [8_192, 4_096, 2_048, 1_024]],
    [3_000, 256, [3_000, 1_500, 1_024]],
    [1_024, 256, [1_024]],
    [512, 64, [512]],
    [8_192, 1_500, [8_192, 4_096, 3_000]],
  ])(
    "of %i tokens with replies of %i are halved down to what a conversation needs",
    (contextTokens, replyTokens, expected) => {
      expect(contextsToTry({ contextTokens, replyTokens, partialOffload: "smaller-context" })).toEqual(
        expected,
      )
    },
  )

  it.each(["accept", "refuse"] as const)(
    "are one where a part on the processor is to %s",
    (partialOffload) => {
      expect(contextsToTry({ contextTokens: 8_192, replyTokens: 256, partialOffload })).toEqual([8_192])
    },
  )
})

describe("a model that was loaded", () => {
  const wishing = (partialOffload: ContextWishes["partialOffload"]) => ({
    model: "m",
    contextTokens: 4_096,
    replyTokens: 64,
    partialOffload,
  })
  const slow = (percent: number) => ({
    type: "keep",
    partial: true,
    notice: `m does not fit on the GPU: ${percent} % of it is on the processor, so answers are slow.`,
  })

  it.each(["accept", "smaller-context", "refuse"] as const)(
    "as it was to be is kept without a word: %s",
    (partialOffload) => {
      const found = { contextTokens: 4_096, cpuShare: 0 }
      expect(afterLoad(wishing(partialOffload), found)).toEqual({ type: "keep", partial: false })
    },
  )

  it("as it was to be with less context is kept, and the user is told what that means", () => {
    expect(afterLoad(wishing("smaller-context"), { contextTokens: 2_048, cpuShare: 0 })).toEqual({
      type: "keep",
      partial: false,
      notice:
        "m fits on the GPU only with 2048 tokens of context instead of 4096, so it remembers less of a conversation.",
    })
  })

  it.each([
    [4_096, 2_048],
    [2_048, 1_024],
  ])("in part on the processor with %i tokens is loaded again with %i", (contextTokens, next) => {
    expect(afterLoad(wishing("smaller-context"), { contextTokens, cpuShare: 0.2 })).toEqual({
      type: "load-again",
      contextTokens: next,
    })
  })

  it("in part on the processor with the least context is kept, slow, and the user is told how much", () => {
    expect(afterLoad(wishing("smaller-context"), { contextTokens: 1_024, cpuShare: 0.2 })).toEqual(slow(20))
  })

  it("with so little on the processor that it rounds to nothing counts as one percent", () => {
    expect(afterLoad(wishing("accept"), { contextTokens: 4_096, cpuShare: 0.001 })).toEqual(slow(1))
  })

  it("with nothing on the GPU is kept at once: no smaller context is a cure for that", () => {
    expect(afterLoad(wishing("smaller-context"), { contextTokens: 4_096, cpuShare: 1 })).toEqual(slow(100))
  })

  it.each([0.2, 1])("of which %d is on the processor is refused where that is wished", (cpuShare) => {
    expect(afterLoad(wishing("refuse"), { contextTokens: 4_096, cpuShare })).toEqual({
      type: "refuse",
      message: expect.stringMatching(
        /^m does not fit on the GPU: \d+ % of it would be on the processor; .*set llm\.partial_offload = "accept"\.$/,
      ),
    })
  })

  it("is loaded at most once with each context, whatever is found, and then kept or refused", () => {
    const wishes = fc.record({
      model: fc.constant("m"),
      contextTokens: fc.integer({ min: 1, max: 131_072 }),
      replyTokens: fc.integer({ min: 1, max: 8_192 }),
      partialOffload: fc.constantFrom("accept", "smaller-context", "refuse"),
    })
    fc.assert(
      fc.property(wishes, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (wished, shares) => {
        const contexts = contextsToTry(wished)
        for (const [index, contextTokens] of contexts.entries()) {
          const { value: cpuShare } = shares.next()
          const next = afterLoad(wished, { contextTokens, cpuShare })
          if (next.type !== "load-again") {
            expect(next.type === "refuse").toBe(cpuShare > 0 && wished.partialOffload === "refuse")
            return
          }
          expect(next.contextTokens).toBe(contexts[index + 1])
        }
        expect.fail("loaded again after the last context")
      }),
    )
  })
})
