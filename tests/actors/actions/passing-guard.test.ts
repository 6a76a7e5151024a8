import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "vitest"
import { passingGuard } from "../../../src/actors/actions/passing-guard.ts"
import { denialSpeech } from "../../../src/actors/guard/denial-speech.ts"
import type { DenialCode } from "../../../src/ports/guard.ts"
import type { ToolEvent } from "../../../src/ports/tools.ts"
import { noPins } from "../../support/no-guard.ts"

const denied = (code: DenialCode): ToolEvent => ({ type: "denied", code, speech: denialSpeech(code) })

const throughAPassing = (event: ToolEvent): Promise<readonly ToolEvent[]> => {
  const guard = passingGuard({
    definitions: [],
    call: () => Stream.make(event),
    answer: () => Effect.succeed("denied"),
    withdraw: () => Effect.void,
    ...noPins,
  })
  const call = { callId: "c", turnId: "t", revision: 0, name: "stop_container", arguments: {} }
  const context = { origin: "phrase", conversationId: "k", confident: true } as const
  return Effect.runPromise(Stream.runCollect(guard.call(call, context)))
}

describe("the guard of a process that ends with its answer", () => {
  test("says that it cannot wait for a PIN, instead of where it is given", async () => {
    const [event] = await throughAPassing(denied("pin-needed"))
    expect(event).toMatchObject({ type: "denied", code: "pin-needed" })
    expect(event).toMatchObject({ speech: expect.stringContaining("jett serve") })
    expect(event).not.toMatchObject({ speech: expect.stringContaining("jett confirm") })
  })

  test("says everything else as it is", async () => {
    expect(await throughAPassing(denied("pin-not-set"))).toEqual([denied("pin-not-set")])
  })
})
