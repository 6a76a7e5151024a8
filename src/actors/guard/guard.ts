import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { GuardedTool } from "../../ports/guarded-tool.ts"
import type { ToolDefinition, ToolEvent, Tools } from "../../ports/tools.ts"
import { AuditTrail } from "./audit/audit-trail.ts"
import { recallRows } from "./audit/recall-rows.ts"
import { recallVerdicts } from "./audit/recall-verdicts.ts"
import { reconcileRow } from "./audit/reconcile-row.ts"
import { takeSecondLooks } from "./audit/second-look.ts"
import { CallMemory } from "./call-memory.ts"
import { CallRegistry } from "./call-registry.ts"
import { makePinConsent } from "./consent/pin-consent.ts"
import { makeWordConsent } from "./consent/word-consent.ts"
import type { GuardParts } from "./guard-parts.ts"
import { defaultGuardTimes } from "./guard-times.ts"
import type { Guard, GuardOptions } from "./guard-types.ts"
import { SubjectQueue } from "./subject-queue.ts"
import { Taint } from "./taint.ts"

/** What is being done when the guard stops gets this long to end; what is left is an orphan for the next start. */
const DRAIN_MS = 3000
/** How far back an earlier life's calls are known. */
const RECALL_MS = 3_600_000
/** How far back the rate limit looks. */
const RATE_MS = 60_000

/**
 * The one door to every side effect. A call is a machine of its own (`guardedCallMachine`); what they share is made here:
 * the log, the limit, who is being asked, which conversations are tainted, and what each call id came to.
 *
 * It starts although the log does not open, and refuses everything as long as that is so. When it stops, what is being
 * done is waited for a little while. Two tools of one name are a defect.
 */
export const makeGuard = (options: GuardOptions): Effect.Effect<Guard, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { desk, pin, limit, redactor, clock, wallNow, taint = new Taint() } = options
    const times = { ...defaultGuardTimes, ...options.times }
    const tools = byName(options.tools)
    const memory = new CallMemory()
    const trail = new AuditTrail({
      audit: options.audit,
      reconcile: (row) =>
        reconcileRow(row, { tools, redactor, clock, wallNow, deadlineMs: times.reconcileMs }),
      onSettled: (outcome) => memory.settle(outcome),
      recall: (log, unseen) =>
        Effect.gen(function* () {
          const recalled = { memory, taint, limit, clock, wallNow }
          recallRows(yield* log.recent(RECALL_MS), yield* log.recent(RATE_MS), recalled)
          for (const intent of unseen) memory.settle(intent)
          const { lockMs } = desk
          recallVerdicts(yield* log.recent(2 * lockMs), yield* log.recent(lockMs), { desk, clock, wallNow })
        }),
    })
    const parts: GuardParts = {
      earlier: (callId) => memory.find(callId)?.result,
      ...{ tools, trail, taint, desk, pin, limit, redactor, clock, wallNow },
      onUnheard: options.onUnheard,
      queue: new SubjectQueue(),
      consent: { holder: undefined, by: undefined },
      denials: { unwritten: 0 },
    }
    const registry = new CallRegistry({ memory, parts, times })
    yield* Effect.addFinalizer(() => registry.close(DRAIN_MS))
    // What an earlier life left open is looked at now, not when somebody waits; without a log the next call tries again.
    if (options.looksBack !== false) {
      yield* Effect.forkScoped(Effect.ignore(trail.inOrder))
      yield* Effect.forkScoped(takeSecondLooks(trail, clock))
    }

    const calls = () => registry.calls()
    return {
      definitions: offeredDefinitions(options.tools),
      call: callThrough(registry, taint),
      ...makeWordConsent({ calls, desk, clock }),
      ...makePinConsent({ calls, parts, pinMs: times.pinMs }),
    }
  })

/** What a language model may know of. */
export const offeredDefinitions = (tools: readonly GuardedTool[]): readonly ToolDefinition[] =>
  tools.filter(({ offered }) => offered !== false).map(({ definition }) => definition)

const byName = (tools: readonly GuardedTool[]): ReadonlyMap<string, GuardedTool> => {
  const map = new Map(tools.map((tool) => [tool.definition.name, tool]))
  if (map.size !== tools.length) throw new Error("Two tools of the guard have the same name.")
  return map
}

/** Each run of the stream joins the call; when nobody listens any more, the call is cancelled. */
const callThrough =
  (registry: CallRegistry, taint: Taint): Tools["call"] =>
  (call, context) =>
    Stream.callback<ToolEvent>((queue) =>
      Effect.gen(function* () {
        const tell = (event: ToolEvent): void => {
          // Whoever is told what somebody else's call saw is tainted as well, and before that.
          if (event.type === "receipt" && event.untrusted !== undefined) taint.add(context.conversationId)
          Queue.offerUnsafe(queue, event)
        }
        const joined = registry.join(call, context)
        if ("type" in joined) tell(joined)
        else {
          yield* Effect.acquireRelease(
            Effect.sync(() => joined.feed.listen(tell)),
            (listening) =>
              Effect.sync(() => {
                if (listening.leave() === 0) joined.abandoned()
              }),
          )
          yield* joined.feed.result
        }
        yield* Queue.end(queue)
      }),
    )
