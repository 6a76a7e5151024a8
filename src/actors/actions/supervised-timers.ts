import * as Effect from "effect/Effect"
import { uuidV7 } from "../../platform/uuid-v7.ts"
import type { Announcements } from "../../ports/announcements.ts"
import type { Child } from "../../ports/child.ts"
import type { Clock } from "../../ports/clock.ts"
import type { GuardedTool } from "../../ports/guarded-tool.ts"
import { openTimerFile } from "../../tools/timers/timer-file.ts"
import { timerTools } from "../../tools/timers/timer-tools.ts"
import { Timers } from "../../tools/timers/timers.ts"
import { referTo } from "../supervision/child-reference.ts"
import { type ResourceHandle, resourceChild } from "../supervision/resource-child.ts"

export interface MakeTimersOptions {
  /** Of the file in the state folder. */
  readonly path: string
  /** Wall clock, ms. */
  readonly wall: () => number
  /** Monotonic. */
  readonly clock: Clock
  readonly announcements: Announcements
  /** Says what is wrong with the file. */
  readonly onTrouble: (message: string) => void
}

export interface SupervisedTimers {
  /** To be supervised; each of its lives reads the file anew. */
  readonly child: Child<ResourceHandle<Timers>>
  /** For the guard; while no life is up they fail in a sentence. */
  readonly tools: readonly GuardedTool[]
}

/** The timers and the tools over them. */
export const makeTimers = (options: MakeTimersOptions): SupervisedTimers => {
  const { path, wall, clock, announcements, onTrouble } = options
  const open = Effect.gen(function* () {
    const file = yield* openTimerFile(path, onTrouble)
    yield* Effect.addFinalizer(() => file.flushed)
    return yield* Effect.acquireRelease(
      Effect.sync(() => new Timers({ file, wall, clock, announcements, newId: () => uuidV7() })),
      (timers) => Effect.sync(() => timers.close()),
    )
  })
  const reference = referTo(resourceChild({ id: "timers", acquire: open }))
  return { child: reference.child, tools: timerTools(() => reference.now()?.value) }
}
