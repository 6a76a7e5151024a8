import * as Effect from "effect/Effect"
import { monotonicClock } from "../../audio/monotonic-clock.ts"
import { makeSupervisor, type SupervisedHandle } from "../supervision/supervisor.ts"
import type { ActionsBranch } from "./actions-branch.ts"

/** The actions' branch where nothing else of the tree is wanted. Ends when it is up; fails with StartError. */
export const superviseActions = ({ children }: Pick<ActionsBranch, "children">) =>
  Effect.gen(function* () {
    const root = yield* makeSupervisor<SupervisedHandle>({
      id: "actions",
      clock: monotonicClock,
      strategy: "rest_for_one",
      pastIntensity: "escalate",
      children: children.map((child) => ({ child })),
    })
    yield* root.started
  })
