import type { ExitReason } from "../../ports/child.ts"
import { decideRestart } from "./restart-policy.ts"
import { report, start, step } from "./supervision-steps.ts"
import type { ChildRecord, SupervisionState, SupervisionStep } from "./supervision-types.ts"

/** A restart that counts against the child's own breaker and concerns no other. */
export const restartAlone = (
  state: SupervisionState,
  child: ChildRecord,
  nowMs: number,
  reason: ExitReason,
  upSinceMs: number | undefined,
): SupervisionStep => {
  const ranMs = upSinceMs === undefined ? 0 : nowMs - upSinceMs
  const decision = decideRestart(child.spec.policy, child.history, nowMs, ranMs)
  const next: ChildRecord = { ...child, history: decision.history, cause: "restart" }
  switch (decision.type) {
    case "restart-now":
      return start(state, next)
    case "restart-after":
      return step(state, { ...next, phase: "backing-off" }, [
        { type: "timer.set", id: child.spec.id, delayMs: decision.delayMs },
      ])
    case "give-up":
      return step(state, { ...next, phase: "broken", retryAtMs: decision.retryAtMs }, [
        report(state, next, "breaker-open", nowMs, reason),
      ])
  }
}
