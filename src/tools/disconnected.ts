import * as Effect from "effect/Effect"
import type { GuardedTool } from "../ports/guarded-tool.ts"

const speech = "I'm not connected to a server, so I can't do anything with containers yet."

/**
 * What the fixed phrases about containers call where no container engine is configured: each is refused in a sentence
 * that says why, and is on record like any other refusal.
 */
export const disconnectedTools = (names: readonly string[]): readonly GuardedTool[] =>
  names.map((name) => ({
    definition: { name, description: "Needs a container engine.", parameters: { type: "object" } },
    offered: false,
    prepare: () => ({ type: "refused", code: "not-connected", speech }),
    // Never called: nothing is prepared that it could perform.
    perform: () => Effect.succeed({ outcome: "failed", speech, observed: {} }),
  }))
