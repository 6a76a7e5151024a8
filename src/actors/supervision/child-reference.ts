import * as Effect from "effect/Effect"
import type { Child, Handle } from "../../ports/child.ts"
import { Unavailable } from "./supervisor.ts"

/** A supervised child and a way to reach it at call time. */
export interface ChildReference<H extends Handle> {
  /** To be given to the supervisor in place of the child itself. */
  readonly child: Child<H>
  /** The handle of the life that is up. */
  readonly current: Effect.Effect<H, Unavailable>
  /** The same at this moment; undefined while it is away. */
  now(): H | undefined
}

/** For those in another part of the tree, to whom a restart must not matter: nobody keeps the handle of an earlier life. */
export const referTo = <H extends Handle>(child: Child<H>): ChildReference<H> => {
  let up: H | undefined
  return {
    child: {
      id: child.id,
      start: () =>
        Effect.flatMap(child.start(), (handle) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              up = handle
              return handle
            }),
            () =>
              Effect.sync(() => {
                if (up === handle) up = undefined
              }),
          ),
        ),
    },
    current: Effect.suspend(() =>
      up === undefined
        ? Effect.fail(new Unavailable({ child: child.id, message: `"${child.id}" is away.` }))
        : Effect.succeed(up),
    ),
    now: () => up,
  }
}
