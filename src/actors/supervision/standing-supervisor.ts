import * as Effect from "effect/Effect"
import type { ChildReference } from "./child-reference.ts"
import type { SubtreeHandle } from "./supervised-tree.ts"
import { type SupervisedHandle, type Supervisor, Unavailable } from "./supervisor.ts"

/**
 * A supervisor as those outside of its tree know it, whichever life of it is up. While none is, its children are away,
 * and there is nothing to stop.
 */
export const standingSupervisor = <H extends SupervisedHandle>(
  reference: ChildReference<SubtreeHandle<H>>,
): Pick<Supervisor<H>, "handle" | "stopChild" | "children"> => {
  const supervisor = () => reference.now()?.supervisor
  return {
    handle: (id, deadlineMs) =>
      Effect.suspend(
        () =>
          supervisor()?.handle(id, deadlineMs) ??
          Effect.fail(new Unavailable({ child: id, message: `"${id}" is away: so is its supervisor.` })),
      ),
    stopChild: (id) => Effect.suspend(() => supervisor()?.stopChild(id) ?? Effect.void),
    children: () => supervisor()?.children() ?? [],
  }
}
